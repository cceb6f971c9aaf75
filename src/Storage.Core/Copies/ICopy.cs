namespace WsStorage.Core.Copies;

/// <summary>
/// A copy of another store: its rows, and its history from some revision on, at the source's own positions. It is read and
/// watched like any storage, and its positions are good at the source and at every other copy; ordinary writes are refused with
/// <see cref="StorageErrorCode.ReadOnly"/>.
/// </summary>
/// <remarks>
/// It is loaded first (<see cref="LoadAsync"/>), then follows (<see cref="ApplyAsync"/>). Each of these calls is atomic and
/// brings its rows and how far it is to the disk together, so a copy whose process was killed goes on exactly where it was. They
/// are to be called one after the other; reads and watches go on beside them.
/// </remarks>
public interface ICopy : IBatchStorage
{
    /// <summary>What it copies and how far it is.</summary>
    CopyState State { get; }

    /// <summary>Whether it takes no writes since one failed, because its disk was full, for instance. It can be read.</summary>
    bool HasFailed => false;

    /// <summary>Opens a copy that <see cref="HasFailed"/> again, once the cause is gone; does nothing to others. What was being
    /// written when it failed is there or not, as <see cref="State"/> then says. Scans and watches that go on are ended with
    /// <see cref="StorageErrorCode.Closed"/>.</summary>
    /// <param name="cancellationToken">Ends the attempt before the copy is closed.</param>
    /// <returns>Completes when it takes writes again.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.DiskFull"/>: there is no room yet, and it stays as it is.
    /// Others as those of a storage that is opened: it can't be read until another attempt succeeds.</exception>
    ValueTask ReopenAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    /// <summary>Adds rows while the copy is loaded.</summary>
    /// <param name="packedRows">Rows as a <see cref="ScanPage"/> packs them; empty for none.</param>
    /// <param name="load">How far loading is with them. When it is <see cref="CopyLoad.IsComplete"/>, the copy is at the position
    /// <see cref="CopyLoad.Start"/>, where its history begins.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>Completes when it is as durable as the store is.</returns>
    /// <exception cref="StorageException">As those of a write; <see cref="StorageErrorCode.InvalidArgument"/>: the copy is not
    /// being loaded.</exception>
    ValueTask LoadAsync(ReadOnlyMemory<byte> packedRows, CopyLoad load, CancellationToken cancellationToken = default);

    /// <summary>Takes over what the source has committed.</summary>
    /// <param name="batches">Consecutive batches, the first after the copy's position. The memory that they lie in must stay
    /// unchanged until it completes.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>Completes when all of them are as durable as the store is; its watches hear of them.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Diverged"/>: a copy of all keys sees that the batches don't
    /// lead to the position that they claim, or don't follow its own; nothing is applied. Others as those of a write.</exception>
    ValueTask ApplyAsync(ReadOnlyMemory<CopiedBatch> batches, CancellationToken cancellationToken = default);

    /// <summary>Corrects rows that are not what the source has at the copy's position. It takes no revision and is in no
    /// history.</summary>
    /// <param name="operations">What to do; without preconditions.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>Completes when it is as durable as the store is.</returns>
    ValueTask MendAsync(WriteBatch operations, CancellationToken cancellationToken = default);
}

/// <summary>What the source has committed, as a copy takes it over.</summary>
/// <param name="Position">The source's position after it. In a copy of all keys each follows the one before it by one revision;
/// in a copy of some ranges there may be any number between them that touch none.</param>
/// <param name="CommitTime">When the source committed it.</param>
/// <param name="PackedOperations">Its operations that touch what is copied, packed as <see cref="BatchOperationKind"/> says;
/// empty when, up to the position, nothing does: the copy's position just moves on.</param>
public readonly record struct CopiedBatch(Position Position, DateTimeOffset CommitTime, ReadOnlyMemory<byte> PackedOperations);
