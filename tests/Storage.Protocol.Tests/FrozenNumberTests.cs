using WsStorage.Protocol.Messages;

namespace WsStorage.Protocol.Tests;

/// <summary>Numbers that travel: once published, none may change.</summary>
public sealed class FrozenNumberTests
{
    private static readonly Dictionary<string, int> Types = new(StringComparer.Ordinal)
    {
        ["Hello"] = 0x80,
        ["Info"] = 0x81,
        ["Get"] = 0x82,
        ["GetMany"] = 0x83,
        ["Write"] = 0x84,
        ["Scan"] = 0x85,
        ["Credit"] = 0x86,
        ["Cancel"] = 0x87,
        ["Watch"] = 0x88,
        ["NumberedWrite"] = 0x89,
        ["Invalidate"] = 0x8A,
        ["KeepHistory"] = 0x8B,
        ["LeaseGrant"] = 0x8C,
        ["LeaseEnd"] = 0x8D,
        ["ClientPack"] = 0x8F,
        ["RangeHash"] = 0x90,
        ["CheckpointCreate"] = 0x91,
        ["CheckpointRead"] = 0x92,
        ["CheckpointRelease"] = 0x93,
        ["Welcome"] = 0xC0,
        ["InfoReply"] = 0xC1,
        ["GetReply"] = 0xC2,
        ["GetManyReply"] = 0xC3,
        ["WriteReply"] = 0xC4,
        ["ScanPage"] = 0xC5,
        ["End"] = 0xC6,
        ["WatchMark"] = 0xC7,
        ["WatchBatch"] = 0xC8,
        ["NumberedWriteReply"] = 0xC9,
        ["InvalidateReply"] = 0xCA,
        ["KeepHistoryReply"] = 0xCB,
        ["LeaseGrantReply"] = 0xCC,
        ["LeaseEndReply"] = 0xCD,
        ["WatchInvalidation"] = 0xCE,
        ["ServerPack"] = 0xCF,
        ["RangeHashPage"] = 0xD0,
        ["CheckpointReply"] = 0xD1,
        ["CheckpointPiece"] = 0xD2,
        ["CheckpointReleaseReply"] = 0xD3,
        ["Repeat"] = 0xD4,
        ["Error"] = 0xFF,
    };

    private static readonly string[] ErrorCodes =
    [
        "Internal", "InvalidArgument", "KeyTooLarge", "ValueTooLarge", "BatchTooLarge", "ResultTooLarge", "PreconditionFailed",
        "ReadOnly", "Closed", "Locked", "Corrupt", "UnsupportedVersion", "IOError", "DiskFull", "NotFound", "LibraryMissing",
        "Timeout", "ConnectFailed", "ConnectionLost", "AuthenticationFailed", "ProtocolError", "LimitExceeded", "ShuttingDown",
        "Unsupported", "AddressInUse", "Compacted", "EpochChanged", "Diverged", "OutcomeUnknown", "NumberReused", "LeaseEnded",
        "NotReady", "TooStale",
    ];

    [Test]
    public void Message_types() => Assert.That(Numbers<MessageType>(), Is.EquivalentTo(Types));

    [Test]
    public void Error_codes() => Assert.That(
        Numbers<StorageErrorCode>(), Is.EquivalentTo(ErrorCodes.Select((name, i) => KeyValuePair.Create(name, i + 1))));

    [Test]
    public void Outcomes() => Assert.That(
        Numbers<WriteOutcome>().OrderBy(pair => pair.Value).Select(pair => pair.Key), Is.EqualTo(["NotApplied", "Applied", "Unknown"]));

    [Test]
    public void Durabilities() => Assert.That(
        Numbers<Durability>().OrderBy(pair => pair.Value).Select(pair => pair.Key), Is.EqualTo(["Volatile", "Buffered", "Synced"]));

    [Test]
    public void Kinds_of_operation_and_precondition()
    {
        Assert.That(
            Numbers<BatchOperationKind>(),
            Is.EquivalentTo(new Dictionary<string, int>(StringComparer.Ordinal) { ["Put"] = 1, ["Remove"] = 2, ["RemoveRange"] = 3 }));
        Assert.That(
            Numbers<PreconditionKind>(),
            Is.EquivalentTo(new Dictionary<string, int>(StringComparer.Ordinal) { ["Absent"] = 0x11, ["Present"] = 0x12, ["Equal"] = 0x13 }));
    }

    [Test]
    public void Constants()
    {
        Assert.That(ProtocolConstants.Subprotocol, Is.EqualTo("wsstorage.v1"));
        Assert.That(ProtocolConstants.Version, Is.EqualTo(1));
        Assert.That(ProtocolConstants.Separator, Is.EqualTo(0x1F));
        Assert.That(ProtocolConstants.MaxIdDigits, Is.EqualTo(16));
        Assert.That(ProtocolConstants.MaxTrailerBytes, Is.EqualTo(18));
        Assert.That(ProtocolConstants.MaxHelloBytes, Is.EqualTo(4096));
        Assert.That(ProtocolConstants.MaxPackBytes, Is.EqualTo(65_536));
        Assert.That(ProtocolConstants.MessageOverheadBytes, Is.EqualTo(256));
        Assert.That(StorageLimits.MaxKeyBytes, Is.EqualTo(65_536));
        Assert.That(RangeHashOptions.MaxRowsPerHash, Is.EqualTo(65_536));
        Assert.That(RangeHashOptions.MaxBytesPerHash, Is.EqualTo(1_048_576));
        Assert.That(CheckpointInfo.MaxPieceBytes, Is.EqualTo(1_048_576));
        Assert.That(CheckpointFile.MaxNameLength, Is.EqualTo(255));
        Assert.That(CheckpointReply.MaxFiles, Is.EqualTo(100_000));
    }

    [Test]
    public void No_type_nor_the_separator_is_a_digit()
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

        Assert.That(
            Enumerable.Range(0, 256).Where(value => RequestId.IsDigit((byte)value)), Is.EquivalentTo(alphabet.Select(digit => (int)digit)));
        Assert.That(Enum.GetValues<MessageType>().Where(type => RequestId.IsDigit((byte)type)), Is.Empty);
        Assert.That(RequestId.IsDigit(ProtocolConstants.Separator), Is.False);
        Assert.That(RequestId.IsDigit((byte)'='), Is.False);
    }

    [Test]
    public void Requests_and_replies_share_no_number()
    {
        MessageType[] requests =
        [
            MessageType.Hello, MessageType.Info, MessageType.Get, MessageType.GetMany, MessageType.Write, MessageType.Scan,
            MessageType.Credit, MessageType.Cancel, MessageType.ClientPack, MessageType.Watch, MessageType.NumberedWrite,
            MessageType.Invalidate, MessageType.KeepHistory, MessageType.LeaseGrant, MessageType.LeaseEnd,
            MessageType.RangeHash, MessageType.CheckpointCreate, MessageType.CheckpointRead, MessageType.CheckpointRelease,
        ];
        MessageType[] replies = [.. Enum.GetValues<MessageType>().Except(requests)];

        Assert.That(requests, Is.All.InRange((MessageType)0x80, (MessageType)0xBF));
        Assert.That(replies, Is.All.InRange((MessageType)0xC0, (MessageType)0xFF));
        Assert.That(Enum.GetValues<MessageType>(), Is.Unique);
    }

    private static Dictionary<string, int> Numbers<T>()
        where T : struct, Enum =>
        Enum.GetValues<T>().ToDictionary(value => value.ToString(), value => Convert.ToInt32(value, null), StringComparer.Ordinal);
}
