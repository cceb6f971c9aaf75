using WsStorage.Testing;

namespace WsStorage.Robustness.History;

/// <summary>What the store must hold, by the digests of its values. Made by applying the log change by change.</summary>
internal sealed class KeyModel
{
    private readonly SortedDictionary<byte[], ulong> _values = new(Bytes.Order);

    /// <summary>Applies a change.</summary>
    /// <returns>What its key held before.</returns>
    public (PreviousValueKind Kind, ulong Value) Apply(Change change)
    {
        if (change.Kind == BatchOperationKind.RemoveRange)
        {
            KeyRange range = change.ToRange();
            foreach (byte[] removed in _values.Keys.Where(each => range.Contains(each)).ToArray())
            {
                _values.Remove(removed);
            }

            return (PreviousValueKind.Unknown, 0);
        }

        byte[] key = change.Key.ToArray();
        bool found = _values.TryGetValue(key, out ulong previous);
        if (change.Kind == BatchOperationKind.Put)
        {
            _values[key] = ChangeDigest.OfValue(change.Value.Span);
        }
        else
        {
            _values.Remove(key);
        }

        return found ? (PreviousValueKind.Value, previous) : (PreviousValueKind.Absent, 0);
    }

    /// <summary>Compares with what a store holds.</summary>
    /// <returns>The first difference, or none.</returns>
    public async Task<string?> CompareAsync(IStorage store)
    {
        int rows = 0;
        await foreach (ScanPage page in store.ScanPagesAsync(new ScanOptions()))
        {
            foreach (ScanPage.Row row in page)
            {
                rows++;
                byte[] key = row.Key.ToArray();
                if (!_values.TryGetValue(key, out ulong value))
                {
                    return $"the store holds {Bytes.Show(key)}, which no batch of the log has left there";
                }

                if (value != ChangeDigest.OfValue(row.Value.Span))
                {
                    return $"the store holds another value under {Bytes.Show(key)} than the log says";
                }
            }
        }

        return rows == _values.Count ? null : $"the store holds {rows} keys, the log says {_values.Count}";
    }
}
