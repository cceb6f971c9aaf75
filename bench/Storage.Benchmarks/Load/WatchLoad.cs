using System.Diagnostics;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.Cli.Bench;

namespace WsStorage.Benchmarks.Load;

/// <summary>Watches of all keys on some connections, and a writer.</summary>
internal sealed class WatchLoad : IAsyncDisposable
{
    private const int Depth = 256;

    private readonly IStorage _writer;
    private readonly RunOptions _options;
    private readonly List<IAsyncEnumerator<WatchEvent>> _watches = [];

    private WatchLoad(IStorage writer, RunOptions options)
    {
        _writer = writer;
        _options = options;
    }

    /// <summary>Opens watches, each from now on.</summary>
    /// <param name="writer">Where the writer writes.</param>
    /// <param name="connections">Where the watches are.</param>
    /// <param name="perConnection">How many on each.</param>
    /// <param name="range">What they watch.</param>
    /// <param name="options">How many keys are written, and how long values are.</param>
    /// <param name="cancellationToken">Ends the watches.</param>
    public static async Task<WatchLoad> OpenAsync(
        IStorage writer, IReadOnlyList<IStorage> connections, int perConnection, KeyRange range, RunOptions options, CancellationToken cancellationToken)
    {
        var load = new WatchLoad(writer, options);
        for (int i = 0; i < connections.Count * perConnection; i++)
        {
            IAsyncEnumerator<WatchEvent> watch = connections[i % connections.Count]
                .WatchAsync(new WatchOptions { Range = range }, cancellationToken)
                .GetAsyncEnumerator(cancellationToken);
            load._watches.Add(watch);

            // The first event says where the watch begins.
            await watch.MoveNextAsync();
        }

        return load;
    }

    /// <summary>Writes, and waits until all watches have been told all.</summary>
    /// <returns>Delivered events per second.</returns>
    /// <exception cref="WrongValueException">An event was missing, or not what was written.</exception>
    public async Task<Sample> MeasureAsync(int count, CancellationToken cancellationToken)
    {
        Revision after = (await _writer.GetInfoAsync(cancellationToken)).Revision;
        long start = Stopwatch.GetTimestamp();
        Task[] telling = [.. _watches.Select(watch => Task.Run(() => FollowAsync(watch, after, count), cancellationToken))];
        int left = count;
        await Task.WhenAll(Enumerable.Range(0, Depth).Select(_ => Task.Run(WriteAsync, cancellationToken)));
        await Task.WhenAll(telling);
        return new Sample(count * (double)_watches.Count / Stopwatch.GetElapsedTime(start).TotalSeconds);

        async Task WriteAsync()
        {
            byte[] key = new byte[BenchData.KeyBytes];
            byte[] value = new byte[_options.ValueBytes];
            var batch = new WriteBatch();
            for (int i = Interlocked.Decrement(ref left); i >= 0; i = Interlocked.Decrement(ref left))
            {
                uint index = (uint)(i % _options.Keys);
                BenchData.WriteKey(key, index);
                BenchData.WriteValue(value, index, nonce: (ulong)i);
                await _writer.WriteAsync(batch.Clear().Put(key, value), cancellationToken);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncEnumerator<WatchEvent> watch in _watches)
        {
            await watch.DisposeAsync();
        }
    }

    private async Task FollowAsync(IAsyncEnumerator<WatchEvent> watch, Revision after, int count)
    {
        ulong last = after.Value + (ulong)count;
        for (ulong told = after.Value; told < last;)
        {
            await watch.MoveNextAsync();
            WatchEvent next = watch.Current;
            if (next.Kind != WatchEventKind.Changes)
            {
                continue;
            }

            if (next.Revision.Value != ++told)
            {
                throw new WrongValueException($"A watch was told revision {next.Revision} in the place of {told}.");
            }

            foreach (Change change in next)
            {
                if (change.Value.Length != _options.ValueBytes)
                {
                    throw new WrongValueException("A watch was not told what was written.");
                }
            }
        }
    }
}
