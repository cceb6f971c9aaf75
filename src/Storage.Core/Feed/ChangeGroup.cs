namespace WsStorage.Core.Feed;

/// <summary>
/// Batches that were committed together, one revision after the other, as a commit log stores them and watches read them.
/// Immutable and thread-safe.
/// </summary>
/// <remarks>
/// A copy of some of another store's ranges has sparse groups: each is one batch, cut to the ranges, at the revision that it has
/// in the other store, with the hash that it has there. What the revisions before it did, back to the group before, touches none
/// of the ranges.
/// </remarks>
public sealed class ChangeGroup
{
    /// <summary>What a group costs in memory beside its bytes, roughly.</summary>
    internal const int OverheadBytes = 128;

    private readonly long _commitTime;

    /// <summary>Makes a group.</summary>
    /// <param name="first">The revision of its first batch.</param>
    /// <param name="count">How many batches there are, at least one.</param>
    /// <param name="commitTime">When they were committed, in milliseconds since 1970 UTC.</param>
    /// <param name="hash">The hash of the position after the last batch.</param>
    /// <param name="body">The batches; kept. Each is a varint length and that many bytes of packed operations
    /// (<see cref="BatchOperationKind"/>), and, if there are previous values, a varint length and that many bytes of these
    /// (<see cref="PreviousValueKind"/>).</param>
    /// <param name="hasPrevious">Whether there are previous values.</param>
    /// <param name="isSparse">Whether the group is sparse. Then it has one batch, which may be without operations: nothing up to
    /// its revision touches the ranges.</param>
    public ChangeGroup(
        Revision first,
        int count,
        long commitTime,
        ulong hash,
        ReadOnlyMemory<byte> body,
        bool hasPrevious = false,
        bool isSparse = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, isSparse ? 1 : int.MaxValue);
        First = first;
        Count = count;
        Hash = hash;
        Body = body;
        HasPrevious = hasPrevious;
        IsSparse = isSparse;
        _commitTime = commitTime;
    }

    /// <summary>The revision of the first batch.</summary>
    public Revision First { get; }

    /// <summary>The revision of the last batch.</summary>
    public Revision Last => new(First.Value + (ulong)Count - 1);

    /// <summary>How many batches there are.</summary>
    public int Count { get; }

    /// <summary>When they were committed; the nearest time there is, should a log hold one that is not.</summary>
    public DateTimeOffset CommitTime => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(
        _commitTime, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));

    /// <summary>The hash of the position after the last batch.</summary>
    public ulong Hash { get; }

    /// <summary>The batches, packed.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>Whether the batches have previous values.</summary>
    public bool HasPrevious { get; }

    /// <summary>Whether there may be revisions before the group that are in none, and its hash can't be computed.</summary>
    public bool IsSparse { get; }

    /// <summary>The memory that the group takes, roughly.</summary>
    internal long ByteCount => OverheadBytes + Body.Length;

    /// <summary>Walks the batches without a copy.</summary>
    internal ChangeBatches Batches => new(this);

    /// <summary>Chains a hash through the batches after a revision, to the end of the group.</summary>
    /// <param name="after">A revision within the group, or the one before it.</param>
    /// <param name="hash">The hash at that revision.</param>
    /// <returns>The hash after the last batch, if the given one is right: to be compared with <see cref="Hash"/>. Of a sparse
    /// group it is the hash that it has: any seems right.</returns>
    internal ulong Chain(Revision after, ulong hash)
    {
        if (IsSparse)
        {
            return Hash;
        }

        ChangeBatches batches = Batches;
        while (batches.MoveNext())
        {
            if (batches.Current.Revision > after)
            {
                hash = ChainHash.Append(hash, batches.Current.Revision, batches.Current.Operations.Span);
            }
        }

        return hash;
    }

    /// <summary>Whether a batch of the group is the next one after a revision.</summary>
    internal bool IsNext(in ChangeBatch batch, Revision after) =>
        IsSparse ? batch.Revision > after : batch.Revision == after.Next;

    /// <summary>The position after a batch of the group.</summary>
    /// <param name="before">The position before it.</param>
    /// <param name="batch">The batch.</param>
    internal Position Move(Position before, in ChangeBatch batch) => new(
        before.Epoch,
        batch.Revision,
        IsSparse ? Hash : ChainHash.Append(before.Hash, batch.Revision, batch.Operations.Span));
}

/// <summary>One batch of a group, as slices of it.</summary>
/// <param name="Revision">Its revision.</param>
/// <param name="Operations">Its operations, packed.</param>
/// <param name="Previous">What their keys held before, packed; empty when the group has no previous values.</param>
internal readonly record struct ChangeBatch(
    Revision Revision, ReadOnlyMemory<byte> Operations, ReadOnlyMemory<byte> Previous);

/// <summary>Walks the batches of a group.</summary>
internal struct ChangeBatches
{
    private readonly bool _hasPrevious;
    private ReadOnlyMemory<byte> _rest;
    private ulong _next;

    public ChangeBatches(ChangeGroup group)
    {
        _hasPrevious = group.HasPrevious;
        _rest = group.Body;
        _next = group.First.Value;
        Current = default;
    }

    /// <summary>The batch reached by the last <see cref="MoveNext"/>.</summary>
    public ChangeBatch Current { get; private set; }

    /// <summary>Goes on to the next batch.</summary>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Corrupt"/>: the group is cut short.</exception>
    public bool MoveNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        ReadOnlyMemory<byte> operations = TakeField();
        Current = new ChangeBatch(new Revision(_next++), operations, _hasPrevious ? TakeField() : default);
        return true;
    }

    private ReadOnlyMemory<byte> TakeField()
    {
        ReadOnlySpan<byte> span = _rest.Span;
        if (!Varint.TryRead(span, out ulong length, out int used) || length > (ulong)(span.Length - used))
        {
            throw new StorageException(
                StorageErrorCode.Corrupt,
                $"The history is damaged before revision {_next}: a batch is cut short. Restore the store from a checkpoint.");
        }

        ReadOnlyMemory<byte> field = _rest.Slice(used, (int)length);
        _rest = _rest[(used + (int)length)..];
        return field;
    }
}
