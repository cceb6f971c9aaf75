using System.Text;
using WsStorage.Protocol.Messages;

namespace WsStorage.Protocol.Tests;

/// <summary>The fields that bodies are made of.</summary>
public sealed class FieldTests
{
    private static readonly byte[][] NotUtf8 =
    [
        [0x80], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [(byte)'a', 0xFF, (byte)'b'], [0xE2, 0x82],
    ];

    private static readonly byte[][] NotVarints =
    [
        [], [0x80], [0xFF, 0xFF], [0x80, 0x00], [0xFF, 0x80, 0x00],
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02],
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
    ];

    private static IEnumerable<ulong> Edges =>
        Enumerable.Range(0, 64).SelectMany(bit => new[] { (1UL << bit) - 1, 1UL << bit, (1UL << bit) + 1 }).Append(ulong.MaxValue);

    [Test]
    public void A_varint_is_as_long_as_said_and_reads_back([ValueSource(nameof(Edges))] ulong value)
    {
        byte[] bytes = Varints.Encode(value);
        var reader = new BodyReader([.. bytes, 0xAA]);

        Assert.That(bytes, Has.Length.EqualTo(Varint.Length(value)));
        Assert.That(reader.ReadVarint(), Is.EqualTo(value));
        Assert.That(reader.Remaining, Is.EqualTo(1));
    }

    [Test]
    public void What_is_no_varint_in_its_one_form_is_refused([ValueSource(nameof(NotVarints))] byte[] bytes) =>
        AssertProtocolError(() => new BodyReader(bytes).ReadVarint());

    [Test]
    public void A_number_above_its_most_is_refused()
    {
        byte[] bytes = Varints.Encode(256);

        Assert.That(new BodyReader(bytes).ReadInt32("it", 256), Is.EqualTo(256));
        AssertProtocolError(() => new BodyReader(bytes).ReadInt32("it", 255));
    }

    [Test]
    public void A_field_longer_than_the_rest_is_refused()
    {
        Assert.That(new BodyReader("\u0003abc"u8).ReadBytes().ToArray(), Is.EqualTo("abc"u8.ToArray()));
        AssertProtocolError(() => new BodyReader("\u0004abc"u8).ReadBytes().ToArray());
    }

    [Test]
    public void Text_that_is_not_utf8_is_refused([ValueSource(nameof(NotUtf8))] byte[] bytes) =>
        AssertProtocolError(() => new BodyReader([(byte)bytes.Length, .. bytes]).ReadText("it", 100));

    [Test]
    public void Text_longer_than_its_most_is_refused()
    {
        byte[] field = [5, .. Encoding.UTF8.GetBytes("größ")[..5]];

        Assert.That(new BodyReader([4, .. "abcd"u8]).ReadText("it", 4), Is.EqualTo("abcd"));
        AssertProtocolError(() => new BodyReader(field).ReadText("it", 4));
    }

    [Test]
    public void An_epoch_is_16_bytes([Values(0, 15, 17)] int length) =>
        AssertProtocolError(() => new BodyReader([(byte)length, .. new byte[length]]).ReadEpoch());

    [Test]
    public void Numbers_of_bytes_and_keys_beyond_63_bits_are_refused()
    {
        byte[] before = [0, 16, .. new byte[16], 0, 0, 0];
        byte[] after = [0, 0, 1, 1, 0, 0, 0];

        Assert.That(
            InfoReply.Read([.. before, .. Varints.Encode(long.MaxValue), 0, .. after]).ApproximateBytes, Is.EqualTo(long.MaxValue));
        AssertProtocolError(() => InfoReply.Read([.. before, .. Varints.Encode((ulong)long.MaxValue + 1), 0, .. after]));
        AssertProtocolError(() => InfoReply.Read([.. before, 0, .. Varints.Encode(ulong.MaxValue), .. after]));
    }

    private static void AssertProtocolError(Action read) => Refusal.Assert(read, StorageErrorCode.ProtocolError);
}
