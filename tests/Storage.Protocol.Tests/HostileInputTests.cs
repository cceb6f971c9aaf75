using WsStorage.Protocol.Messages;

namespace WsStorage.Protocol.Tests;

/// <summary>
/// What a decoder may do with bytes that nobody sane sends: refuse them with a code, or read them as something else that
/// they happen to be. Never another exception, and never memory out of proportion.
/// </summary>
public sealed class HostileInputTests
{
    // Ten times what the longest vector takes with its words, and the exception that tells of a fault.
    private const long MaxAllocatedBytes = 128 * 1024;

    private static readonly StorageErrorCode[] Refusals =
    [
        StorageErrorCode.ProtocolError, StorageErrorCode.UnsupportedVersion, StorageErrorCode.KeyTooLarge,
        StorageErrorCode.InvalidArgument, StorageErrorCode.NotFound,
    ];

    // Varints that announce more than there is, at the edges of the widths in use; overlong; endless; more than 64 bits.
    private static readonly byte[][] HostileVarints =
    [
        Varints.Encode(0x7F), Varints.Encode(0xFFFF), Varints.Encode(int.MaxValue - 1), Varints.Encode(int.MaxValue),
        Varints.Encode((ulong)int.MaxValue + 1), Varints.Encode(uint.MaxValue), Varints.Encode((ulong)uint.MaxValue + 1),
        Varints.Encode(long.MaxValue), Varints.Encode((ulong)long.MaxValue + 1), Varints.Encode(ulong.MaxValue),
        [0x80, 0x00], [0x80], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02],
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
    ];

    private static IReadOnlyList<GoldenVector> Vectors => GoldenVector.File;

    private static IEnumerable<GoldenVector> VectorsWithBody => Vectors.Where(vector => vector.HasBody);

    // A pack cut between two of its messages is a shorter pack, and what follows them is one message more.
    private static IEnumerable<GoldenVector> UndividedVectors =>
        VectorsWithBody.Where(vector => !vector.Message.EndsWith("pack", StringComparison.Ordinal));

    // A hello and a welcome may be longer than this version knows.
    private static IEnumerable<GoldenVector> ClosedVectors =>
        UndividedVectors.Where(vector => vector.Message is not ("hello" or "welcome"));

    [Test]
    public void A_body_cut_anywhere_is_a_protocol_error([ValueSource(nameof(UndividedVectors))] GoldenVector vector)
    {
        (MessageType type, byte[] body) = Split(vector);

        for (int length = 0; length < body.Length; length++)
        {
            Assert.That(TryDecodeBody(type, body[..length]), Is.EqualTo(StorageErrorCode.ProtocolError), $"cut to {length} bytes");
        }
    }

    [Test]
    public void A_pack_cut_within_a_message_is_a_protocol_error([Values("client-pack", "server-pack", "server-pack-with-repeat")] string name)
    {
        (MessageType type, byte[] body) = Split(GoldenVector.Get(name));
        HashSet<int> ends = [0];
        for (int end = 0; end < body.Length; ends.Add(end))
        {
            end += 1 + body[end];
        }

        for (int length = 0; length < body.Length; length++)
        {
            Assert.That(
                TryDecodeBody(type, body[..length]),
                ends.Contains(length) ? Is.Null : Is.EqualTo(StorageErrorCode.ProtocolError),
                $"cut to {length} bytes");
        }
    }

    [Test]
    public void A_message_cut_anywhere_is_refused_or_another_message([ValueSource(nameof(Vectors))] GoldenVector vector)
    {
        byte[] message = vector.Bytes;
        int trailer = 2 + vector.Id.Length;

        for (int length = 0; length < message.Length; length++)
        {
            byte[] cut = message[..length];
            AssertHarmless(cut, $"cut to {length} bytes");
            if (length == message.Length - trailer + 1)
            {
                Assert.That(Envelope.TryParse(cut, out _), Is.False, "cut before its type");
            }
        }
    }

    [Test]
    public void Bytes_after_the_last_field_are_a_protocol_error([ValueSource(nameof(ClosedVectors))] GoldenVector vector)
    {
        (MessageType type, byte[] body) = Split(vector);

        Assert.That(TryDecodeBody(type, [.. body, 0xFF]), Is.EqualTo(StorageErrorCode.ProtocolError));
        Assert.That(TryDecodeBody(type, [.. body, 0x01, 0x61]), Is.EqualTo(StorageErrorCode.ProtocolError));
    }

    [Test]
    public void Bytes_after_the_last_field_of_hello_and_welcome_are_for_later_versions([Values("hello", "welcome")] string name)
    {
        GoldenVector vector = GoldenVector.Get(name);
        (MessageType type, byte[] body) = Split(vector);

        Assert.That(Words.DescribeBody(type, (byte[])[.. body, 0x05, 0xFF, 0x80]), Is.EqualTo(vector.Fields));
    }

    [Test]
    public void A_flipped_bit_or_byte_is_harmless([ValueSource(nameof(Vectors))] GoldenVector vector)
    {
        byte[] message = vector.Bytes;
        int[] masks = [1, 2, 4, 8, 16, 32, 64, 128, 0x7F, 0xFF];

        for (int i = 0; i < message.Length; i++)
        {
            foreach (int mask in masks)
            {
                message[i] ^= (byte)mask;
                AssertHarmless(message, $"byte {i} changed by 0x{mask:X2}");
                message[i] ^= (byte)mask;
            }
        }
    }

    [Test]
    public void A_hostile_number_anywhere_is_harmless([ValueSource(nameof(VectorsWithBody))] GoldenVector vector)
    {
        (MessageType type, byte[] body) = Split(vector);

        foreach (byte[] number in HostileVarints)
        {
            for (int i = 0; i < body.Length; i++)
            {
                string what = $"{Convert.ToHexString(number)} at {i}";
                AssertBodyHarmless(type, [.. body[..i], .. number, .. body[(i + 1)..]], what);
                AssertBodyHarmless(type, [.. body[..i], .. number], what + ", where it ends");
            }
        }
    }

    [Test]
    public void Counts_beyond_the_body_are_refused_before_anything_is_allocated(
        [Values(MessageType.GetMany, MessageType.GetManyReply, MessageType.ScanPage)] MessageType type,
        [Values(5UL, 0xFFFFUL, 0x7FFF_FFFFUL, 0xFFFF_FFFFUL, ulong.MaxValue)] ulong count)
    {
        byte[] revision = type == MessageType.GetMany ? [] : [0x2A];

        Assert.That(
            TryDecodeBody(type, [.. revision, .. Varints.Encode(count), 0x00, 0x00, 0x00]), Is.EqualTo(StorageErrorCode.ProtocolError));
        AssertBodyHarmless(type, [.. revision, .. Varints.Encode(count), 0x00, 0x00, 0x00], "a count beyond the body");
    }

    [Test]
    public void Hashes_beyond_the_page_are_refused_before_anything_is_allocated(
        [Values(5UL, 0xFFFFUL, 0x7FFF_FFFFUL, ulong.MaxValue)] ulong count)
    {
        byte[] body = [0x2A, .. Varints.Encode(count), 0x03, 0x00, 0x00, 0x00];

        Assert.That(TryDecodeBody(MessageType.RangeHashPage, body), Is.EqualTo(StorageErrorCode.ProtocolError));
        AssertBodyHarmless(MessageType.RangeHashPage, body, "a count beyond the body");
    }

    [Test]
    public void Files_beyond_the_reply_are_refused_before_anything_is_allocated(
        [Values(3UL, 0xFFFFUL, 0x7FFF_FFFFUL, ulong.MaxValue)] ulong count)
    {
        byte[] body = [0x10, .. new byte[16], 0x00, 0x10, .. new byte[16], 0x00, 0x00, .. Varints.Encode(count), 0x01, (byte)'a', 0x00, 0x01, (byte)'b', 0x00];

        Assert.That(TryDecodeBody(MessageType.CheckpointReply, body), Is.EqualTo(StorageErrorCode.ProtocolError));
        AssertBodyHarmless(MessageType.CheckpointReply, body, "a count beyond the body");
    }

    private static (MessageType Type, byte[] Body) Split(GoldenVector vector)
    {
        Assert.That(Envelope.TryParse(vector.Bytes, out Envelope envelope), Is.True);
        return (envelope.Type, envelope.Body.ToArray());
    }

    private static StorageErrorCode? TryDecodeBody(MessageType type, byte[] body)
    {
        try
        {
            Words.DescribeBody(type, body);
            return null;
        }
        catch (StorageException exception)
        {
            return exception.Code;
        }
    }

    private static void AssertHarmless(byte[] message, string what)
    {
        if (Envelope.TryParse(message, out Envelope envelope))
        {
            AssertBodyHarmless(envelope.Type, envelope.Body.ToArray(), what);
        }
    }

    private static void AssertBodyHarmless(MessageType type, byte[] body, string what)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        StorageErrorCode? refusal = TryDecodeBody(type, body);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (refusal is { } code && !Refusals.Contains(code))
        {
            Assert.Fail($"{what}: {code}");
        }

        if (allocated > MaxAllocatedBytes)
        {
            Assert.Fail($"{what}: {allocated} bytes were allocated for {body.Length}");
        }
    }
}
