using WsStorage.Core.Tree;

namespace WsStorage.Core;

/// <summary>
/// The rows of a store, its revision and its chain hash, changed by whole batches. Any number of threads may read it, or
/// one change it.
/// </summary>
internal sealed class StoreState
{
    private readonly SortedTree _tree = new();

    public Revision Revision { get; private set; }

    public ulong Hash { get; private set; } = ChainHash.Seed;

    public Node Root => _tree.Root;

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
            Apply(batch.Operations);
            Revision = Revision.Next;
            Hash = ChainHash.Append(Hash, Revision, batch.PackedOperations);
        }

        return WriteResult.AppliedAt(Revision);
    }

    private int FirstFailedPrecondition(BatchPreconditions preconditions)
    {
        int index = 0;
        foreach (BatchPrecondition precondition in preconditions)
        {
            Row row = SortedTree.Find(_tree.Root, precondition.Key);
            if (!(row.IsAbsent ? precondition.HoldsForAbsent() : precondition.HoldsFor(row.Value)))
            {
                return index;
            }

            index++;
        }

        return -1;
    }

    private void Apply(BatchOperations operations)
    {
        foreach (BatchOperation operation in operations)
        {
            switch (operation.Kind)
            {
                case BatchOperationKind.Put:
                    _tree.Put(operation.Key, operation.Value);
                    break;
                case BatchOperationKind.Remove:
                    _tree.Remove(operation.Key);
                    break;
                default:
                    _tree.RemoveRange(operation.Key, operation.End);
                    break;
            }
        }
    }
}

/// <summary>The rows of a store at one revision. Immutable.</summary>
/// <param name="Root">The rows.</param>
/// <param name="Revision">The revision.</param>
internal readonly record struct StoreSnapshot(Node Root, Revision Revision);
