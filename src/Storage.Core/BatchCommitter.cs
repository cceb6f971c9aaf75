using WsStorage.Core.Tree;

namespace WsStorage.Core;

/// <summary>
/// Applies batches, one after the other, to a version and makes the next. What several batches of one commit change is
/// copied once for all of them. For one thread at a time.
/// </summary>
internal sealed class BatchCommitter
{
    private readonly SortedTree _tree = new();
    private Revision _revision;
    private ulong _hash;

    public void Begin(StoreVersion version)
    {
        _tree.Begin(version.Root);
        _revision = version.Revision;
        _hash = version.Hash;
    }

    public WriteResult Apply(WriteBatch batch)
    {
        int failed = FirstFailedPrecondition(batch.Preconditions);
        if (failed >= 0)
        {
            return WriteResult.RefusedAt(_revision, failed);
        }

        if (batch.Count > 0)
        {
            Apply(batch.Operations);
            _revision = _revision.Next;
            _hash = ChainHash.Append(_hash, _revision, batch.PackedOperations);
        }

        return WriteResult.AppliedAt(_revision);
    }

    public StoreVersion Complete() => new(_tree.Root, _revision, _hash);

    private int FirstFailedPrecondition(BatchPreconditions preconditions)
    {
        int index = 0;
        foreach (BatchPrecondition precondition in preconditions)
        {
            bool holds = SortedTree.TryGet(_tree.Root, precondition.Key, out ReadOnlySpan<byte> value)
                ? precondition.HoldsFor(value)
                : precondition.HoldsForAbsent();
            if (!holds)
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
