using WsStorage.Robustness.History;

namespace WsStorage.Robustness.Load;

/// <summary>
/// Makes the batches of one writer of a storm: small and large ones, puts, removals, and removals of ranges. Each puts the
/// writer's key in the ledger. No key stands in a batch twice. Not thread-safe.
/// </summary>
internal sealed class StormBatches(int writer, Random random)
{
    private const int LongValueBytes = 20_000;

    private readonly byte[] _ledger = Ledger.KeyOf(writer);
    private readonly byte[] _value = new byte[LongValueBytes];
    private int _number;

    /// <summary>The next write.</summary>
    /// <returns>Its name and content.</returns>
    public (WriteId Id, WriteBatch Batch) Next()
    {
        var id = new WriteId(writer, ++_number);
        var batch = new WriteBatch();
        switch (random.Next(10))
        {
            case 0:
                RemoveRange(batch);
                Change(batch, id, random.Next(0, 3), StormKeys.All.Count - StormKeys.GroupSize);
                break;
            case < 6:
                Change(batch, id, 1, StormKeys.All.Count);
                break;
            default:
                Change(batch, id, random.Next(2, 9), StormKeys.All.Count);
                break;
        }

        return (id, batch.Put(_ledger, Value(id)));
    }

    private static void RemoveRange(WriteBatch batch, int first, int last) => batch.RemoveRange(
        KeyRange.Between(StormKeys.Of(StormKeys.Cleared, first), StormKeys.Of(StormKeys.Cleared, last)));

    private void RemoveRange(WriteBatch batch)
    {
        int first = random.Next(StormKeys.GroupSize);
        RemoveRange(batch, first, first + random.Next(1, 12));
    }

    private void Change(WriteBatch batch, WriteId id, int count, int keys)
    {
        foreach (int key in Enumerable.Range(0, count).Select(_ => random.Next(keys)).Distinct())
        {
            if (random.Next(8) == 0)
            {
                batch.Remove(StormKeys.All[key]);
            }
            else
            {
                batch.Put(StormKeys.All[key], Value(id));
            }
        }
    }

    private ReadOnlySpan<byte> Value(WriteId id)
    {
        int length = random.Next(200) == 0 ? random.Next(LongValueBytes - WriteId.Bytes) : random.Next(150);
        Span<byte> value = _value.AsSpan(0, WriteId.Bytes + length);
        random.NextBytes(value);
        id.Write(value);
        return value;
    }
}
