using System.Text.Json;
using System.Text.RegularExpressions;

namespace WsStorage.Protocol.Tests;

/// <summary>One message as it stands on the wire, and what it means.</summary>
/// <param name="Name">What tests call it.</param>
/// <param name="Message">Its type, as the page names it.</param>
/// <param name="Id">The digits of its id.</param>
/// <param name="Fields">Its fields in words.</param>
/// <param name="Hex">The whole message.</param>
public sealed partial record GoldenVector(string Name, string Message, string Id, string Fields, string Hex)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>The vectors of the file.</summary>
    public static IReadOnlyList<GoldenVector> File { get; } =
        JsonSerializer.Deserialize<GoldenVector[]>(Read("golden-vectors.json"), Json)!;

    public bool HasBody => !string.Equals(Fields, "no fields", StringComparison.Ordinal);

    public byte[] Bytes => Convert.FromHexString(Hex);

    /// <summary>The page that specifies the protocol.</summary>
    public static string Page { get; } = Read("docs/protocol.md");

    /// <summary>The vectors of the page: a name, the fields, then lines of hex with a remark after two spaces.</summary>
    /// <returns>Name, fields and hex of each.</returns>
    public static IReadOnlyList<(string Name, string Fields, string Hex)> ReadPage()
    {
        var vectors = new List<(string, string, string)>();
        foreach (Match block in Block().Matches(Page))
        {
            string[] lines = block.Groups["lines"].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            IEnumerable<string> hex = lines.Skip(2).Select(line => line.Split("  ", 2)[0].Replace(" ", string.Empty, StringComparison.Ordinal));
            vectors.Add((lines[0], lines[1], string.Concat(hex)));
        }

        return vectors;
    }

    public static GoldenVector Get(string name) => File.Single(vector => vector.Name.Equals(name, StringComparison.Ordinal));

    public override string ToString() => Name;

    private static string Read(string path) =>
        System.IO.File.ReadAllText(Path.Combine(TestContext.CurrentContext.TestDirectory, path)).ReplaceLineEndings("\n");

    [GeneratedRegex("^```vector\n(?<lines>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Block();
}
