using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Commit;

/// <summary>Puts a batch's operations into the form that RocksDB writes.</summary>
internal static class GroupOperations
{
    /// <summary>Appends operations in their order.</summary>
    /// <param name="writes">The group's form.</param>
    /// <param name="packedOperations">What <see cref="WriteBatch.PackedOperations"/> gives.</param>
    /// <param name="database">The database; read for the end of a range that has none.</param>
    public static void Append(BatchRepresentation writes, ReadOnlySpan<byte> packedOperations, Database database)
    {
        foreach (BatchOperation operation in new BatchOperations(packedOperations))
        {
            Append(writes, operation, database);
        }
    }

    /// <summary>Appends one operation.</summary>
    /// <param name="writes">The group's form.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="database">The database; read for the end of a range that has none.</param>
    public static void Append(BatchRepresentation writes, BatchOperation operation, Database database)
    {
        switch (operation.Kind)
        {
            case BatchOperationKind.Put:
                writes.Put(operation.Key, operation.Value);
                break;
            case BatchOperationKind.Remove:
                writes.Remove(operation.Key);
                break;
            default:
                AppendRange(writes, operation.Key, operation.End, database);
                break;
        }
    }

    private static void AppendRange(
        BatchRepresentation writes, ReadOnlySpan<byte> start, ReadOnlySpan<byte> end, Database database)
    {
        // RocksDB knows no range without an end: it ends behind the last key that is, or will be when the group is written.
        if (end.IsEmpty)
        {
            end = FindEnd(writes, database);
        }

        // RocksDB refuses a range whose end is before its start; to the contract it is an empty one.
        if (start.SequenceCompareTo(end) < 0)
        {
            writes.RemoveRange(start, end);
        }
    }

    private static ReadOnlySpan<byte> FindEnd(BatchRepresentation writes, Database database)
    {
        using var rows = new RowIterator(database, database.Data, new ReadOptionsHandle());
        bool any = rows.Start(reverse: true);
        ReadOnlySpan<byte> last = any ? rows.Key : default;
        if (writes.TryFindLastPut(out ReadOnlySpan<byte> pending) && (!any || pending.SequenceCompareTo(last) > 0))
        {
            any = true;
            last = pending;
        }

        return any ? (byte[])[.. last, 0] : default;
    }
}
