using System.Buffers.Binary;
using System.Diagnostics;
using WsStorage.Testing;

namespace WsStorage.Robustness.Load;

/// <summary>
/// A writer and a watcher beside a slow one, who must not notice it: how long a small put takes, and how long it takes until a
/// watch tells of it. Each has a client of its own.
/// </summary>
internal sealed class Probe(IStorage writer, IStorage watcher)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);
    private static readonly byte[] Key = Bytes.Of("probe/key");

    /// <summary>How long puts took.</summary>
    public Latencies Writes { get; } = new();

    /// <summary>How long it took from the call of a put until the watch told of it.</summary>
    public Latencies Events { get; } = new();

    /// <summary>Puts now and then, and watches, until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task watching = Task.Run(() => WatchAsync(begun, stop), CancellationToken.None);
        await Task.WhenAny(begun.Task, watching);
        try
        {
            using var timer = new PeriodicTimer(Interval);
            byte[] value = new byte[sizeof(long)];
            while (await timer.WaitForNextTickAsync(stop))
            {
                long started = Stopwatch.GetTimestamp();
                BinaryPrimitives.WriteInt64BigEndian(value, started);
                await writer.PutAsync(Key, value, CancellationToken.None);
                Writes.AddSince(started);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }

        await watching;
    }

    private async Task WatchAsync(TaskCompletionSource begun, CancellationToken stop)
    {
        try
        {
            var options = new WatchOptions { Range = KeyRange.Single(Key) };
            await foreach (WatchEvent told in watcher.WatchAsync(options, stop).WithCancellation(stop))
            {
                begun.TrySetResult();
                foreach (Change change in told)
                {
                    Events.AddSince(BinaryPrimitives.ReadInt64BigEndian(change.Value.Span));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }
}
