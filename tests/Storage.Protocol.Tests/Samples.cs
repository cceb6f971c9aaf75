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

    /// <summary>Writes the body of a message.</summary>
    /// <typeparam name="TMessage">Its type.</typeparam>
    /// <param name="message">The message.</param>
    /// <returns>Its body, of the length that it announced.</returns>
    public static byte[] Body<TMessage>(TMessage message)
        where TMessage : IMessage, allows ref struct
    {
        byte[] body = new byte[message.BodyLength];
        var writer = new BodyWriter(body);
        message.WriteBody(ref writer);
        Assert.That(writer.Written, Is.EqualTo(body.Length));
        return body;
    }

    public static RequestId Id(string digits) => RequestId.FromDigits(Encoding.ASCII.GetBytes(digits));

    /// <summary>Packs the hashes of a page.</summary>
    /// <param name="hashes">The hashes.</param>
    /// <returns>The field that holds them.</returns>
    public static byte[] Hashes(params ReadOnlySpan<RangeHash> hashes)
    {
        int length = 0;
        foreach (RangeHash hash in hashes)
        {
            length += RangeHashPageMessage.MeasureHash(hash);
        }

        byte[] packed = new byte[length];
        var writer = new BodyWriter(packed);
        foreach (RangeHash hash in hashes)
        {
            RangeHashPageMessage.WriteHash(ref writer, hash);
        }

        return packed;
    }

    private static Dictionary<string, byte[]> Encode()
    {
        var limits = new SessionLimits(33_554_688, 16_777_216, 33_554_432, 8192, 32, 1000);
        var info = new StorageInfo
        {
            Engine = "memory",
            Position = Position,
            CompactedRevision = new Revision(7),
            ApproximateBytes = 123_456,
            ApproximateKeys = 1000,
            Durability = Durability.Synced,
            Limits = StorageLimits.Default,
            HistoryBytes = 65_536,
            FollowerCount = 2,
        };
        var samples = new Dictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["hello"] = Encode(new HelloMessage(1, acceptsPacks: false, "probe", 1_048_576), "A"),
            ["hello-with-client-id"] =
                Encode(new HelloMessage(1, acceptsPacks: true, "writer", 67_108_864, new Guid("00112233-4455-6677-8899-aabbccddeeff")), "A"),
            ["hello-packs"] = Encode(new HelloMessage(1, acceptsPacks: true, "reader 7", 67_108_864), "A"),
            ["hello-repeats"] = Encode(new HelloMessage(1, acceptsPacks: true, "panel", 67_108_864, acceptsRepeats: true), "A"),
            ["welcome"] = Encode(new WelcomeMessage("WsStorage", limits, Position, new SessionFacts(AppliesOnce: true, 41, TimeSpan.FromDays(7))), "A"),
            ["info"] = Encode(new EmptyMessage(MessageType.Info), "B"),
            ["info-reply"] = Encode(new InfoReply(info), "B"),
            ["info-reply-of-a-copy"] = Encode(new InfoReply(info with { Staleness = TimeSpan.FromMilliseconds(1500) }), "B"),
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
        AddWatches(samples);
        AddSessions(samples);
        AddCopying(samples);
        samples["client-pack"] = Pack(MessageType.ClientPack, samples["get"], samples["write-put"], samples["info"]);
        samples["server-pack"] = Pack(MessageType.ServerPack, samples["write-reply"], samples["get-reply"]);
        samples["server-pack-with-repeat"] = PackRepeated();
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
        samples["credit"] = Encode(new CreditMessage(65_536), "H");
        samples["end"] = Encode(new EndMessage(cancelled: false), "H");
        samples["end-cancelled"] = Encode(new EndMessage(cancelled: true), "H");
    }

    private static void AddWatches(Dictionary<string, byte[]> samples)
    {
        var fromNow = new WatchOptions { Range = KeyRange.Prefix("sensor/") };
        var resumed = new WatchOptions
        {
            After = Position,
            KeysOnly = true,
            PreviousValues = true,
            Invalidations = true,
            ProgressInterval = TimeSpan.FromMinutes(1),
        };
        samples["watch-from-now"] = Encode(new WatchRequest(fromNow, 1_048_576), "K");
        samples["watch-resumed"] = Encode(new WatchRequest(resumed, 0), "L");
        samples["watch-mark"] = Encode(new WatchMarkMessage(Position), "K");
        samples["watch-batch"] = Encode(SensorBatch(default), "K");
        samples["watch-batch-with-previous"] = Encode(SensorBatch("\u0002\u000220\u0001"u8), "L");
        samples["repeat"] = Encode(new RepeatMessage(3, 2), "M");
        samples["watch-invalidation"] = Encode(new WatchInvalidationMessage([KeyRange.Single("a"u8.ToArray()), KeyRange.Prefix("log/")]), "L");
        samples["invalidate-everything"] = Encode(new InvalidateRequest([KeyRange.All]), "M");
        samples["invalidate-reply"] = Encode(new InvalidateReply(3), "M");
        samples["keep-history"] = Encode(new KeepHistoryRequest("replica-1", new Revision(42), TimeSpan.FromDays(1)), "N");
        samples["keep-history-reply"] = Encode(new EmptyMessage(MessageType.KeepHistoryReply), "N");
    }

    private static WatchBatchMessage SensorBatch(ReadOnlySpan<byte> previous)
    {
        WriteBatch batch = new WriteBatch().Put("sensor/1"u8, "21.5"u8).Remove("sensor/2"u8);
        Position next = Position with { Revision = new Revision(43), Hash = 5 };
        return new WatchBatchMessage(next, DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000), batch.PackedOperations, previous);
    }

    private static void AddSessions(Dictionary<string, byte[]> samples)
    {
        WriteBatch batch = new WriteBatch().RequireAbsent("a"u8).Put("a"u8, "1"u8);
        samples["numbered-write"] = NumberedWrite(new WriteStamp(default, 41, 40, IsResend: false, IsUnanswered: false), batch, "O");
        samples["numbered-write-again"] = NumberedWrite(new WriteStamp(default, 300, 0, IsResend: true, IsUnanswered: true), batch, "P");
        samples["numbered-write-reply"] = Encode(new NumberedWriteReply(WriteResult.AppliedAt(new Revision(43))), "O");
        samples["lease-grant"] = Encode(new LeaseGrantRequest(0x0123456789ABCDEF, TimeSpan.FromSeconds(30)), "Q");
        samples["lease-grant-reply"] = Encode(new LeaseGrantReply(0x0123456789ABCDEF, TimeSpan.FromSeconds(30)), "Q");
        samples["lease-end"] = Encode(new LeaseEndRequest(0x0123456789ABCDEF), "R");
        samples["lease-end-reply"] = Encode(new EmptyMessage(MessageType.LeaseEndReply), "R");
    }

    private static void AddCopying(Dictionary<string, byte[]> samples)
    {
        var id = new Guid("00112233-4455-6677-8899-aabbccddeeff");
        var checkpoint = new CheckpointInfo
        {
            Id = id,
            Format = "rocksdb",
            Position = Position,
            Files = [new CheckpointFile("000012.sst", 4_194_304), new CheckpointFile("CURRENT", 16)],
        };
        var first = new RangeHash(new Revision(42), KeyRange.Between("sensor/"u8.ToArray(), "sensor/500"u8.ToArray()), 1024, 0xEF46DB3751D8E999);
        var second = new RangeHash(new Revision(42), KeyRange.Between("sensor/500"u8.ToArray(), "sensor0"u8.ToArray()), 3, 0x44BC2CF5AD770999);
        byte[] piece = "MANIFEST-000004\n"u8.ToArray();
        samples["range-hash"] = Encode(new RangeHashRequest(new RangeHashOptions { Range = KeyRange.Prefix("sensor/") }, 1_048_576), "S");
        samples["range-hash-page"] = Encode(new RangeHashPageMessage(new Revision(42), 2, Hashes(first, second)), "S");
        samples["range-hash-page-to-the-end"] =
            Encode(new RangeHashPageMessage(new Revision(300), 1, Hashes(new RangeHash(new Revision(300), KeyRange.All, 0, 0))), "T");
        samples["checkpoint-create"] = Encode(new EmptyMessage(MessageType.CheckpointCreate), "U");
        samples["checkpoint-reply"] = Encode(new CheckpointReply(checkpoint), "U");
        samples["checkpoint-read"] = Encode(new CheckpointReadRequest(id, "CURRENT", 0, CheckpointInfo.MaxPieceBytes), "V");
        samples["checkpoint-piece"] = Encode(new CheckpointPieceReply(XxHash64.Hash(piece, 0), piece), "V");
        samples["checkpoint-release"] = Encode(new CheckpointReleaseRequest(id), "W");
        samples["checkpoint-release-reply"] = Encode(new EmptyMessage(MessageType.CheckpointReleaseReply), "W");
    }

    private static byte[] NumberedWrite(in WriteStamp stamp, WriteBatch batch, string id)
    {
        byte[] header = new byte[NumberedWriteRequest.MaxHeaderBytes];
        int length = NumberedWriteRequest.WriteHeader(header, stamp);
        byte[] write = Encode(new WriteRequest(batch), id);
        Assert.That(Envelope.TryParse(write, out Envelope envelope), Is.True);
        using var pack = new PackBuffer(MessageType.ClientPack);
        pack.Append(MessageType.NumberedWrite, (byte[])[.. header[..length], .. envelope.Body], Id(id));
        return pack.ToMessage().ToArray();
    }

    private static byte[] PackRepeated()
    {
        using var pack = new PackBuffer(MessageType.ServerPack);
        pack.AppendRepeatable(SensorBatch(default), Id("K"));
        Assert.That(pack.TryRepeat(SensorBatch(default), Id("M")), Is.True);
        return pack.ToMessage().ToArray();
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
