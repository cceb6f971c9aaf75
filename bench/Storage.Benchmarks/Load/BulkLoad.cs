using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.Cli.Bench;

namespace WsStorage.Benchmarks.Load;

/// <summary>Reads and writes of much at once.</summary>
internal static class BulkLoad
{
    /// <summary>How many keys a many-get reads, and how many rows a batch writes.</summary>
    public const int Together = 100;

    /// <summary>How many calls are outstanding.</summary>
    public const int Outstanding = 4;

    /// <summary>Measures many-gets.</summary>
    /// <returns>Keys per second.</returns>
    public static async Task<Sample> GetManyAsync(IStorage storage, RunOptions options, CancellationToken cancellationToken)
    {
        Sample sample = await ClosedLoop.MeasureAsync(Enumerable.Range(0, Outstanding).Select(_ => Reading()), options, cancellationToken);
        return new Sample(sample.Value * Together);

        Func<ValueTask> Reading()
        {
            uint[] indices = new uint[Together];
            byte[][] keys = [.. indices.Select(_ => new byte[BenchData.KeyBytes])];
            ReadOnlyMemory<byte>[] asked = [.. keys.Select(key => (ReadOnlyMemory<byte>)key)];
            return async () =>
            {
                for (int i = 0; i < Together; i++)
                {
                    indices[i] = (uint)Random.Shared.Next(options.Keys);
                    BenchData.WriteKey(keys[i], indices[i]);
                }

                GetManyResult result = await storage.GetManyAsync(asked, cancellationToken);
                for (int i = 0; i < Together; i++)
                {
                    Check(result.Values[i], options, indices[i]);
                }
            };
        }
    }

    /// <summary>Measures batches of puts.</summary>
    /// <returns>Rows per second.</returns>
    public static async Task<Sample> PutAsync(IStorage storage, RunOptions options, CancellationToken cancellationToken)
    {
        Sample sample = await ClosedLoop.MeasureAsync(Enumerable.Range(0, Outstanding).Select(_ => Writing()), options, cancellationToken);
        return new Sample(sample.Value * Together);

        Func<ValueTask> Writing()
        {
            var batch = new WriteBatch();
            byte[] key = new byte[BenchData.KeyBytes];
            byte[] value = new byte[options.ValueBytes];
            return async () =>
            {
                batch.Clear();
                for (int i = 0; i < Together; i++)
                {
                    uint index = (uint)Random.Shared.Next(options.Keys);
                    BenchData.WriteKey(key, index);
                    BenchData.WriteValue(value, index, (ulong)Random.Shared.NextInt64());
                    batch.Put(key, value);
                }

                await storage.WriteAsync(batch, cancellationToken);
            };
        }
    }

    /// <summary>Measures a scan of all, again and again.</summary>
    /// <returns>Megabytes per second.</returns>
    public static async Task<Sample> ScanAsync(IStorage storage, RunOptions options, CancellationToken cancellationToken)
    {
        long bytes = 0;
        long pages = 0;
        uint next = 0;
        IAsyncEnumerator<ScanPage> scan = Begin();
        Sample sample = await ClosedLoop.MeasureAsync([ReadPageAsync], options, cancellationToken);
        await scan.DisposeAsync();
        return new Sample(sample.Value * bytes / pages / 1e6);

        IAsyncEnumerator<ScanPage> Begin() => storage.ScanPagesAsync(new ScanOptions(), cancellationToken).GetAsyncEnumerator(cancellationToken);

        async ValueTask ReadPageAsync()
        {
            if (!await scan.MoveNextAsync())
            {
                if (next != options.Keys)
                {
                    throw new WrongValueException($"A scan found {next:N0} rows of {options.Keys:N0}.");
                }

                await scan.DisposeAsync();
                scan = Begin();
                next = 0;
                await scan.MoveNextAsync();
            }

            foreach (ScanPage.Row row in scan.Current)
            {
                // Keys are numbers written so that their order is that of the numbers.
                Check(row.Value.Span, options, next++);
            }

            bytes += scan.Current.Rows.Length;
            pages++;
        }
    }

    private static void Check(ReadOnlySpan<byte> value, RunOptions options, uint index)
    {
        if (!BenchData.IsValid(value, options.ValueBytes, index))
        {
            throw new WrongValueException("A value that was read is not what was written.");
        }
    }
}
