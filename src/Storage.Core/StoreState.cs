using WsStorage.Core.Feed;
using WsStorage.Core.Tree;

namespace WsStorage.Core;

/// <summary>
/// The rows of a store, its revision and its chain hash, changed by whole batches. Any number of threads may read it, or
/// one change it.
/// </summary>
/// <param name="start">Where it begins, without rows.</param>
/// <param name="keepPrevious">Whether to take note of what each key held before the last batch.</param>
internal sealed class StoreState(Position start, bool keepPrevious)
{
    private readonly SortedTree _tree = new();
    private readonly KeyIndex _index = new();
    private readonly PreviousValues? _previous = keepPrevious ? new() : null;

    public Revision Revision { get; private set; } = start.Revision;

    public ulong Hash { get; private set; } = start.Hash;

    public Node Root => _tree.Root;

    /// <summary>What the keys of the last batch held before it, packed; empty if that is not kept.</summary>
    public ReadOnlySpan<byte> Previous => _previous is null ? default : _previous.Packed;

    /// <summary>Finds the rows of keys, in their order.</summary>
    public void Find(ReadOnlySpan<ReadOnlyMemory<byte>> keys, Span<Row> rows) => _index.Find(keys, rows);

    /// <summary>Keeps the rows of this revision for a reader, who may read them while the state is changed.</summary>
    public StoreSnapshot Pin() => new(_tree.Pin(), Revision);

    public WriteResult Apply(WriteBatch batch)
    {
        int failed = FirstFailedPrecondition(batch.Preconditions);
        if (failed >= 0)
        {
            return WriteResult.RefusedAt(Revision, failed);
        }

        if (batch.Count > 0)
        {
            Change(batch.Operations, isPreviousKnown: true);
            Revision = Revision.Next;
            Hash = ChainHash.Append(Hash, Revision, batch.PackedOperations);
        }

        return WriteResult.AppliedAt(Revision);
    }

    /// <summary>Applies what another store has committed, at the position that it has there.</summary>
    public void TakeOver(BatchOperations operations, Position after, bool isPreviousKnown)
    {
        Change(operations, isPreviousKnown);
        Revision = after.Revision;
        Hash = after.Hash;
    }

    /// <summary>Changes rows without a revision.</summary>
    public void Correct(BatchOperations operations) => Change(operations, isPreviousKnown: false);

    /// <summary>Sets a row without a revision.</summary>
    public void Load(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Put(key, value);

    private int FirstFailedPrecondition(BatchPreconditions preconditions)
    {
        int index = 0;
        foreach (BatchPrecondition precondition in preconditions)
        {
            Row row = _index.Find(precondition.Key);
            if (!(row.IsAbsent ? precondition.HoldsForAbsent() : precondition.HoldsFor(row.Value)))
            {
                return index;
            }

            index++;
        }

        return -1;
    }

    private void Change(BatchOperations operations, bool isPreviousKnown)
    {
        _previous?.Clear();
        foreach (BatchOperation operation in operations)
        {
            NotePrevious(operation, isPreviousKnown);
            switch (operation.Kind)
            {
                case BatchOperationKind.Put:
                    Put(operation.Key, operation.Value);
                    break;
                case BatchOperationKind.Remove:
                    Remove(operation.Key);
                    break;
                default:
                    RemoveRange(operation.ToRange());
                    break;
            }
        }
    }

    private void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Row row = Row.Create(key, value);
        _tree.Put(row);
        _index.Put(row);
    }

    private void Remove(ReadOnlySpan<byte> key)
    {
        if (_index.Remove(key))
        {
            _tree.Remove(key);
        }
    }

    private void RemoveRange(KeyRange range)
    {
        if (range == KeyRange.All)
        {
            _index.Clear();
        }
        else
        {
            var rows = new TreeCursor(_tree.Root, range, reverse: false);
            while (rows.MoveNext())
            {
                _index.Remove(rows.Current.Key);
            }
        }

        _tree.RemoveRange(range.Start.Span, range.End.Span);
    }

    private void NotePrevious(BatchOperation operation, bool isKnown)
    {
        if (_previous is null)
        {
            return;
        }

        if (!isKnown || operation.Kind == BatchOperationKind.RemoveRange)
        {
            _previous.AddUnknown();
        }
        else if (_index.Find(operation.Key) is { IsAbsent: false } row)
        {
            _previous.AddValue(row.Value);
        }
        else
        {
            _previous.AddAbsent();
        }
    }
}

/// <summary>The rows of a store at one revision. Immutable.</summary>
/// <param name="Root">The rows.</param>
/// <param name="Revision">The revision.</param>
internal readonly record struct StoreSnapshot(Node Root, Revision Revision);
