using System.Text;
using WsStorage.Protocol.Messages;

namespace WsStorage.Protocol.Tests;

/// <summary>What single messages demand beyond being well formed.</summary>
public sealed class MessageRuleTests
{
    [Test]
    public void An_unknown_version_is_refused_whatever_follows([Values(0UL, 2UL, ulong.MaxValue)] ulong version)
    {
        byte[] body = [.. Varints.Encode(version), 0xFF, 0xFF];

        Refusal.Assert(() => HelloMessage.Read(body), StorageErrorCode.UnsupportedVersion);
        Refusal.Assert(() => WelcomeMessage.Read(body), StorageErrorCode.UnsupportedVersion);
    }

    [Test]
    public void Flags_of_a_hello_that_this_version_does_not_know_are_ignored()
    {
        byte[] body = [1, .. Varints.Encode(0xFFFF_FFFF_FFFF_FFFC), 0, .. Varints.Encode(1 << 20)];

        Assert.That(HelloMessage.Read(body).AcceptsPacks, Is.False);
    }

    [Test]
    public void Packs_are_for_clients_that_take_the_largest()
    {
        HelloMessage enough = Reread(ProtocolConstants.MaxPackBytes);
        HelloMessage tooLittle = Reread(ProtocolConstants.MaxPackBytes - 1);

        Assert.That(enough.AcceptsPacks, Is.True);
        Assert.That(tooLittle.AcceptsPacks, Is.False);

        static HelloMessage Reread(int maxMessageBytes)
        {
            byte[] message = Samples.Encode(new HelloMessage(1, acceptsPacks: true, "it", maxMessageBytes), string.Empty);
            return HelloMessage.Read(message.AsSpan()[..^2]);
        }
    }

    [Test]
    public void A_long_text_is_cut_at_a_character([Values("x", "ü", "€", "𝄞", "a𝄞")] string unit)
    {
        string text = string.Concat(Enumerable.Repeat(unit, 5000));

        string message = new ErrorReply(StorageErrorCode.Internal, WriteOutcome.NotApplied, text).Message;
        string name = new HelloMessage(1, acceptsPacks: false, text, 1 << 20).ClientName;

        Assert.That(Encoding.UTF8.GetByteCount(message), Is.InRange(ErrorReply.MaxMessageBytes - 8, ErrorReply.MaxMessageBytes));
        Assert.That(Encoding.UTF8.GetByteCount(name), Is.InRange(248, 256));
        Assert.That(message, Does.EndWith("…").And.Not.Contain("\uFFFD"));
        Assert.That(text, Does.StartWith(name[..^1]).And.StartWith(message[..^1]));
        Assert.That(message.EnumerateRunes().ToArray()[..^1], Has.None.EqualTo(Rune.ReplacementChar));
    }

    [Test]
    public void A_text_that_fits_is_not_cut()
    {
        string text = new('x', ErrorReply.MaxMessageBytes);

        Assert.That(new ErrorReply(StorageErrorCode.Internal, WriteOutcome.NotApplied, text).Message, Is.EqualTo(text));
    }

    [Test]
    public void Every_answer_without_a_value_fits_the_smallest_peer()
    {
        var id = RequestId.FromDigits("0123456789ABCDEF"u8);
        string text = new('€', 5000);
        var info = new StorageInfo
        {
            Engine = text,
            Position = new Position(Guid.NewGuid(), new Revision(ulong.MaxValue), ulong.MaxValue),
            CompactedRevision = new Revision(ulong.MaxValue),
            ApproximateBytes = long.MaxValue,
            ApproximateKeys = long.MaxValue,
            Durability = Durability.Synced,
            Limits = new StorageLimits(int.MaxValue, int.MaxValue),
        };

        Assert.That(
            Envelope.MeasureMessage(new ErrorReply((StorageErrorCode)255, WriteOutcome.Unknown, text).BodyLength, id),
            Is.LessThanOrEqualTo(ProtocolConstants.MaxHelloBytes));
        Assert.That(
            Envelope.MeasureMessage(new InfoReply(info).BodyLength, id), Is.LessThanOrEqualTo(ProtocolConstants.MaxHelloBytes));
        Assert.That(
            Envelope.MeasureMessage(new HelloMessage(1, acceptsPacks: true, text, int.MaxValue).BodyLength, id),
            Is.LessThanOrEqualTo(ProtocolConstants.MaxHelloBytes));
    }

    [Test]
    public void A_key_over_the_limit_is_refused()
    {
        byte[] longest = new byte[StorageLimits.MaxKeyBytes];
        byte[] tooLong = new byte[StorageLimits.MaxKeyBytes + 1];

        Assert.That(GetRequest.ReadKey(Field(longest)).ToArray(), Is.EqualTo(longest));
        Refusal.Assert(() => GetRequest.ReadKey(Field(tooLong)), StorageErrorCode.KeyTooLarge);
        Refusal.Assert(() => GetManyRequest.ReadKeys((byte[])[1, .. Field(tooLong)]), StorageErrorCode.KeyTooLarge);
        byte[] put = [(byte)BatchOperationKind.Remove, .. Field(tooLong)];
        Refusal.Assert(() => WriteRequest.Read([0, .. Field(put)], new WriteBatch()), StorageErrorCode.KeyTooLarge);
    }

    [Test]
    public void A_range_of_a_scan_over_the_limit_is_refused_before_it_is_copied()
    {
        byte[] body = [0, .. Field(new byte[4 << 20]), 0, 0, .. Varints.Encode(65_536), 0];

        long before = GC.GetAllocatedBytesForCurrentThread();
        Refusal.Assert(() => ScanRequest.Read(body), StorageErrorCode.KeyTooLarge);

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
    }

    [Test]
    public void A_get_of_too_many_keys_is_refused_before_anything_is_allocated()
    {
        const int most = GetManyRequest.MaxKeys;
        byte[] body = [.. Varints.Encode(most + 1), .. new byte[most + 1]];

        long before = GC.GetAllocatedBytesForCurrentThread();
        Refusal.Assert(() => GetManyRequest.ReadKeys(body), StorageErrorCode.InvalidArgument);

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
        Assert.That(GetManyRequest.ReadKeys((byte[])[.. Varints.Encode(most), .. new byte[most]]), Has.Length.EqualTo(most));
    }

    [Test]
    public void A_page_without_rows_is_refused() =>
        Refusal.Assert(() => ScanPageMessage.Read([42, 0, 0]), StorageErrorCode.ProtocolError);

    [Test]
    public void A_page_holds_as_many_rows_as_it_says([Values(1, 3)] int count) =>
        Refusal.Assert(() => ScanPageMessage.Read([42, (byte)count, 4, 0, 0, 0, 0]), StorageErrorCode.ProtocolError);

    [TestCase(1023)]
    [TestCase((1 << 20) + 1)]
    public void A_page_size_out_of_bounds_is_refused(int pageBytes) =>
        Refusal.Assert(() => ScanRequest.Read([0, 0, 0, 0, .. Varints.Encode((ulong)pageBytes), 0]), StorageErrorCode.InvalidArgument);

    [Test]
    public void Numbers_that_name_nothing_are_refused()
    {
        byte[] put = Field([4, 1, (byte)'k']);
        byte[] unknownFlags = [0, 0, 4, 0, .. Varints.Encode(65_536), 0];

        Refusal.Assert(() => WriteRequest.Read([0, .. put], new WriteBatch()), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => WriteRequest.Read([.. put, 0], new WriteBatch()), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => GetReply.Read([42, 2, 0]), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => GetReply.Read([42, 2]), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => GetManyReply.Read([42, 1, 2]), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => EndMessage.Read([2]), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => ErrorReply.Read([1, 3, 0]), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => ErrorReply.Read([.. Varints.Encode(256), 0, 0]), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => ScanRequest.Read(unknownFlags), StorageErrorCode.ProtocolError);
    }

    private static byte[] Field(byte[] bytes) => [.. Varints.Encode((ulong)bytes.Length), .. bytes];
}
