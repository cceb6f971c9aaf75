using System.Globalization;
using System.Text.RegularExpressions;

namespace WsStorage.Protocol.Tests;

/// <summary>The tables of docs/protocol.md say what the library does.</summary>
public sealed partial class PageTests
{
    private const RegexOptions Options = RegexOptions.Multiline | RegexOptions.ExplicitCapture;

    [Test]
    public void Lists_every_type_and_who_sends_it() => Assert.That(
        TypeRow().Matches(GoldenVector.Page).Select(row => (Number(row, 16), row.Groups["name"].Value, row.Groups["sender"].Value)),
        Is.EqualTo(Enum.GetValues<MessageType>().Select(type =>
            ((int)type, Words.Kebab(type.ToString()), (byte)type < 0xC0 ? "client" : "server"))));

    [Test]
    public void Lists_every_error_code() => Assert.That(
        CodeRow().Matches(GoldenVector.Page).Select(row => (Number(row, 10), row.Groups["name"].Value)),
        Is.EqualTo(Enum.GetValues<StorageErrorCode>().Select(code => ((int)code, Words.Kebab(code.ToString())))));

    [Test]
    public void Shows_every_vector() => Assert.That(
        GoldenVector.ReadPage(), Is.EquivalentTo(GoldenVector.File.Select(vector => (vector.Name, vector.Fields, vector.Hex))));

    private static int Number(Match row, int radix) => radix == 16
        ? int.Parse(row.Groups["number"].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : int.Parse(row.Groups["number"].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\| 0x(?<number>[0-9A-F]{2}) \| (?<name>[a-z-]+) \| (?<sender>\w+) \|", Options, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex TypeRow();

    [GeneratedRegex(@"^\| (?<number>\d{1,2}) \| (?<name>[a-z-]+) \| [^|]+ \|$", Options, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex CodeRow();
}
