using WsStorage.Core.Feed;
using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Commit;

/// <summary>
/// Takes note of what each key of a batch held before, while the batch is added to its group: of what the group has written
/// already, or of what the store holds.
/// </summary>
/// <param name="database">The database.</param>
/// <param name="writes">The group's form.</param>
/// <param name="pending">What the group has written so far.</param>
internal sealed class PreviousReader(Database database, BatchRepresentation writes, PendingWrites pending)
{
    private readonly PreviousValues _previous = new();

    /// <summary>What the keys of the last batch held before, packed.</summary>
    public ReadOnlySpan<byte> Packed => _previous.Packed;

    /// <summary>Adds the operations of a batch to the group's form, each after what its key holds was noted.</summary>
    /// <exception cref="StorageException">The store could not be read; a part may have been added.</exception>
    public void ReadAndAppend(ReadOnlySpan<byte> packedOperations)
    {
        _previous.Clear();
        foreach (BatchOperation operation in new BatchOperations(packedOperations))
        {
            if (operation.Kind == BatchOperationKind.RemoveRange)
            {
                _previous.AddUnknown();
            }
            else
            {
                Note(operation.Key);
            }

            GroupOperations.Append(writes, operation, database);
        }
    }

    private void Note(ReadOnlySpan<byte> key)
    {
        if (pending.TryGet(key, out bool present, out ReadOnlySpan<byte> value))
        {
            Note(present, value);
            return;
        }

        using PinnedValue stored = PinnedValue.Get(database, database.Data, database.ReadOptions, key);
        Note(stored.Exists, stored.Exists ? stored.Span : default);
    }

    private void Note(bool present, ReadOnlySpan<byte> value)
    {
        if (present)
        {
            _previous.AddValue(value);
        }
        else
        {
            _previous.AddAbsent();
        }
    }
}
