namespace WsStorage.Cli.Bench;

/// <summary>Writes the keys that a run reads and overwrites.</summary>
internal static class Preload
{
    private const int BatchBytes = 256 * 1024;
    private const int MaxInFlight = 4;

    public static async Task RunAsync(IStorage storage, BenchPlan plan, CancellationToken cancellationToken)
    {
        var inFlight = new Queue<Task<WriteResult>>();
        byte[] key = new byte[BenchData.KeyBytes];
        byte[] value = new byte[plan.ValueBytes];
        uint next = 0;
        while (next < plan.Keys || inFlight.Count > 0)
        {
            if (next < plan.Keys && inFlight.Count < MaxInFlight)
            {
                var batch = new WriteBatch();
                for (; next < plan.Keys && batch.ByteCount < BatchBytes; next++)
                {
                    BenchData.WriteKey(key, next);
                    BenchData.WriteValue(value, next, nonce: 0);
                    batch.Put(key, value);
                }

                inFlight.Enqueue(storage.WriteAsync(batch, cancellationToken).AsTask());
                continue;
            }

            await inFlight.Dequeue();
        }
    }
}
