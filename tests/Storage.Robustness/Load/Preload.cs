namespace WsStorage.Robustness.Load;

/// <summary>Fills a store before a run, with the keys that <see cref="SpreadBatches"/> changes.</summary>
internal static class Preload
{
    private const int RowsPerBatch = 1000;
    private const int BatchesAtOnce = 16;

    /// <summary>Puts a row under each key.</summary>
    /// <param name="storage">The store.</param>
    /// <param name="keys">How many keys.</param>
    /// <param name="valueBytes">How long each value is.</param>
    public static async Task FillAsync(IStorage storage, int keys, int valueBytes)
    {
        var random = new Random(keys);
        byte[] value = new byte[valueBytes];
        var writing = new Queue<Task<WriteResult>>();
        for (int first = 0; first < keys; first += RowsPerBatch)
        {
            var batch = new WriteBatch();
            for (int number = first; number < Math.Min(keys, first + RowsPerBatch); number++)
            {
                random.NextBytes(value);
                batch.Put(SpreadBatches.KeyOf(number), value);
            }

            if (writing.Count == BatchesAtOnce)
            {
                (await writing.Dequeue()).EnsureApplied();
            }

            writing.Enqueue(storage.WriteAsync(batch).AsTask());
        }

        await Task.WhenAll(writing);
    }
}
