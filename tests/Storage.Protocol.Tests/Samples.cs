using System.Text;
using WsStorage.Protocol.Messages;

namespace WsStorage.Protocol.Tests;

/// <summary>The golden vectors as this library's own types, to be encoded.</summary>
internal static class Samples
{
    private static readonly Position Position =
        new(new Guid("01234567-89ab-cdef-fedc-ba9876543210"), new Revision(42), 0x0123456789ABCDEF);

    /// <summary>The encoded sample of each name.</summary>
    public static IReadOnlyDictionary<string, byte[]> Encoded { get; } = Encode();

    /// <summary>Encodes one message.</summary>
    /// <typeparam name="TMessage">Its type.</typeparam>
    /// <param name="message">The message.</param>
    /// <param name="id">Its id.</param>
    /// <returns>The whole message.</returns>
    public static byte[] Encode<TMessage>(TMessage message, string id)
        where TMessage : IMessage, allows ref struct
    {
        using var pack = new PackBuffer(MessageType.ClientPack);
        pack.Append(message, Id(id));
        return pack.ToMessage().ToArray();
    }

    public static RequestId Id(string digits) => RequestId.FromDigits(Encoding.ASCII.GetBytes(digits));

    private static Dictionary<string, byte[]> Encode()
    {
        var limits = new SessionLimits(33_554_688, 16_777_216, 33_554_432, 8192, 32);
        var info = new StorageInfo
        {
            Engine = "memory",
            Position = Position,
            CompactedRevision = new Revision(7),
            ApproximateBytes = 123_456,
            ApproximateKeys = 1000,
            Durability = Durability.Synced,
            Limits = StorageLimits.Default,
        };
        var samples = new Dictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["hello"] = Encode(new HelloMessage(1, acceptsPacks: false, "probe", 1_048_576), "A"),
            ["hello-packs"] = Encode(new HelloMessage(1, acceptsPacks: true, "reader 7", 67_108_864), "A"),
            ["welcome"] = Encode(new WelcomeMessage("WsStorage", limits, Position), "A"),
            ["info"] = Encode(new EmptyMessage(MessageType.Info), "B"),
            ["info-reply"] = Encode(new InfoReply(info), "B"),
            ["get"] = Encode(new GetRequest("temperature"u8), "C"),
            ["get-empty-key"] = Encode(new GetRequest(default), "/"),
            ["get-key-that-looks-like-a-trailer"] = Encode(new GetRequest([0x1F, 0x82, (byte)'A', (byte)'B']), "BA"),
            ["get-id-of-16-digits"] = Encode(new GetRequest("a"u8), "client7/request+"),
            ["get-largest-number-as-id"] = Encode(new GetRequest("a"u8), RequestId.FromNumber(ulong.MaxValue).ToString()),
            ["get-reply"] = Encode(new GetReply(new Revision(42), found: true, "21.5"u8), "C"),
            ["get-reply-empty-value"] = Encode(new GetReply(new Revision(42), found: true, default), "C"),
            ["get-reply-missing"] = Encode(new GetReply(new Revision(300), found: false, default), "C"),
            ["get-reply-long-value"] =
                Encode(new GetReply(new Revision(ulong.MaxValue), found: true, Encoding.ASCII.GetBytes(new string('x', 200))), "C"),
            ["get-many"] = Encode(new GetManyRequest(["a"u8.ToArray(), "b"u8.ToArray(), "a"u8.ToArray()]), "D"),
            ["get-many-no-keys"] = Encode(new GetManyRequest([]), "D"),
            ["get-many-reply"] = Encode(new GetManyReply(new Revision(42), ["1"u8.ToArray(), null, []]), "D"),
            ["cancel"] = Encode(new EmptyMessage(MessageType.Cancel), "H"),
            ["error-unsupported-version"] =
                Encode(new ErrorReply(StorageErrorCode.UnsupportedVersion, WriteOutcome.NotApplied, "Use version 1."), "A"),
            ["error-disk-full"] =
                Encode(new ErrorReply(StorageErrorCode.DiskFull, WriteOutcome.Unknown, "Platte voll: 0 Bytes übrig."), "E"),
            ["error-unknown-code"] = Encode(new ErrorReply((StorageErrorCode)200, WriteOutcome.NotApplied, string.Empty), "J"),
        };
        AddWrites(samples);
        AddScans(samples);
        samples["client-pack"] = Pack(MessageType.ClientPack, samples["get"], samples["write-put"], samples["info"]);
        samples["server-pack"] = Pack(MessageType.ServerPack, samples["write-reply"], samples["get-reply"]);
        return samples;
    }

    private static void AddWrites(Dictionary<string, byte[]> samples)
    {
        samples["write-put"] = Encode(new WriteRequest(new WriteBatch().Put("temperature"u8, "21.5"u8)), "E");
        WriteBatch batch = new WriteBatch()
            .RequireAbsent("lock"u8).RequirePresent("a"u8).RequireEqual("v"u8, "1"u8)
            .Put("v"u8, "2"u8).Put("empty"u8, default).Remove("a"u8)
            .RemoveRange(KeyRange.Prefix("log/")).RemoveRange(KeyRange.From("z"u8.ToArray()));
        samples["write-batch"] = Encode(new WriteRequest(batch), "F");
        samples["write-check-only"] = Encode(new WriteRequest(new WriteBatch().RequireEqual("v"u8, "2"u8)), "G");
        samples["write-reply"] = Encode(new WriteReply(WriteResult.AppliedAt(new Revision(43))), "E");
        samples["write-reply-refused"] = Encode(new WriteReply(WriteResult.RefusedAt(new Revision(43), 2)), "F");
    }

    private static void AddScans(Dictionary<string, byte[]> samples)
    {
        var prefix = new ScanOptions { Range = KeyRange.Prefix("sensor/") };
        var reverse = new ScanOptions { Reverse = true, KeysOnly = true, Limit = 10, PageBytes = 1024 };
        samples["scan-prefix"] = Encode(new ScanRequest(prefix, 1_048_576), "H");
        samples["scan-all-reverse-keys-only"] = Encode(new ScanRequest(reverse, 0), "I");
        samples["scan-page"] = Encode(new ScanPageMessage(new Revision(42), 2, "\u0008sensor/1\u000421.5\u0008sensor/2\u0000"u8), "H");
        samples["scan-page-keys-only"] = Encode(new ScanPageMessage(new Revision(42), 2, "\u0001z\u0000\u0001y\u0000"u8), "I");
        samples["scan-credit"] = Encode(new ScanCreditMessage(65_536), "H");
        samples["scan-end"] = Encode(new ScanEndMessage(cancelled: false), "H");
        samples["scan-end-cancelled"] = Encode(new ScanEndMessage(cancelled: true), "H");
    }

    private static byte[] Pack(MessageType type, params byte[][] messages)
    {
        using var pack = new PackBuffer(type);
        foreach (byte[] message in messages)
        {
            Assert.That(Envelope.TryParse(message, out Envelope envelope), Is.True);
            pack.Append(envelope.Type, envelope.Body, envelope.Id);
        }

        return pack.ToMessage().ToArray();
    }
}
