namespace WsStorage.Tests;

/// <summary>Numbers that stand in files or travel on the wire: a new one may be added, none may ever change.</summary>
[TestFixture]
public sealed class FrozenNumbersTests
{
    [Test]
    public void Error_codes() => AssertFrozen(
        (StorageErrorCode.Internal, 1),
        (StorageErrorCode.InvalidArgument, 2),
        (StorageErrorCode.KeyTooLarge, 3),
        (StorageErrorCode.ValueTooLarge, 4),
        (StorageErrorCode.BatchTooLarge, 5),
        (StorageErrorCode.ResultTooLarge, 6),
        (StorageErrorCode.PreconditionFailed, 7),
        (StorageErrorCode.ReadOnly, 8),
        (StorageErrorCode.Closed, 9),
        (StorageErrorCode.Locked, 10),
        (StorageErrorCode.Corrupt, 11),
        (StorageErrorCode.UnsupportedVersion, 12),
        (StorageErrorCode.IOError, 13),
        (StorageErrorCode.DiskFull, 14),
        (StorageErrorCode.NotFound, 15),
        (StorageErrorCode.LibraryMissing, 16),
        (StorageErrorCode.Timeout, 17),
        (StorageErrorCode.ConnectFailed, 18),
        (StorageErrorCode.ConnectionLost, 19),
        (StorageErrorCode.AuthenticationFailed, 20),
        (StorageErrorCode.ProtocolError, 21),
        (StorageErrorCode.LimitExceeded, 22),
        (StorageErrorCode.ShuttingDown, 23),
        (StorageErrorCode.Unsupported, 24),
        (StorageErrorCode.AddressInUse, 25),
        (StorageErrorCode.Compacted, 26),
        (StorageErrorCode.EpochChanged, 27),
        (StorageErrorCode.Diverged, 28),
        (StorageErrorCode.OutcomeUnknown, 29),
        (StorageErrorCode.NumberReused, 30),
        (StorageErrorCode.LeaseEnded, 31),
        (StorageErrorCode.NotReady, 32),
        (StorageErrorCode.TooStale, 33));

    [Test]
    public void Write_outcomes() => AssertFrozen(
        (WriteOutcome.NotApplied, 0), (WriteOutcome.Applied, 1), (WriteOutcome.Unknown, 2));

    [Test]
    public void Batch_operation_kinds() => AssertFrozen(
        (BatchOperationKind.Put, 1), (BatchOperationKind.Remove, 2), (BatchOperationKind.RemoveRange, 3));

    [Test]
    public void Precondition_kinds() => AssertFrozen(
        (PreconditionKind.Absent, 0x11), (PreconditionKind.Present, 0x12), (PreconditionKind.Equal, 0x13));

    [Test]
    public void Previous_value_kinds() => AssertFrozen(
        (PreviousValueKind.Unknown, 0), (PreviousValueKind.Absent, 1), (PreviousValueKind.Value, 2));

    [Test]
    public void Watch_event_kinds() => AssertFrozen(
        (WatchEventKind.Changes, 0), (WatchEventKind.Progress, 1), (WatchEventKind.Invalidation, 2));

    [Test]
    public void Durabilities() => AssertFrozen(
        (Durability.Volatile, 0), (Durability.Buffered, 1), (Durability.Synced, 2));

    private static void AssertFrozen<T>(params (T Member, byte Number)[] frozen)
        where T : struct, Enum
    {
        Assert.That(Enum.GetUnderlyingType(typeof(T)), Is.EqualTo(typeof(byte)));
        Assert.That(
            Enum.GetValues<T>().Select(member => (member, (byte)(object)member)),
            Is.EqualTo(frozen.Select(each => (each.Member, each.Number))),
            "a member without a line here, or a number that changed");
    }
}
