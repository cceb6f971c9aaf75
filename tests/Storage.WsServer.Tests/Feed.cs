using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;

namespace WsStorage.WsServer.Tests;

/// <summary>What one watch of a <see cref="FeedStorage"/> hears: what a test pushes.</summary>
internal sealed class Feed(WatchOptions options)
{
    public static readonly Guid Epoch = Guid.Parse("01234567-89ab-cdef-fedc-ba9876543210");

    private readonly Channel<Func<(WatchEvent Event, byte[] Memory)>> _events = Channel.CreateUnbounded<Func<(WatchEvent, byte[])>>();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<bool> _pulls = Channel.CreateUnbounded<bool>();
    private int _pulled;

    public WatchOptions Options => options;

    /// <summary>How many events the server has taken.</summary>
    public int Pulled => Volatile.Read(ref _pulled);

    /// <summary>Waits until the server has taken so many events more than when this was last waited for.</summary>
    public async Task WaitForPullsAsync(int count)
    {
        for (; count > 0; count--)
        {
            await _pulls.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    /// <summary>Completes when the server has let go of the watch.</summary>
    public Task Over => _over.Task.WaitAsync(TimeSpan.FromSeconds(60));

    public static Position At(ulong revision) => new(Epoch, new Revision(revision), revision * 1000);

    public void Mark(ulong revision) => Push(() => (WatchEvent.Progress(At(revision)), []));

    /// <summary>Pushes a batch whose memory is overwritten when the server asks for what comes after it.</summary>
    public void Batch(ulong revision, string key, int valueBytes = 1, byte[]? previous = null)
    {
        byte[] operations = new WriteBatch().Put(Encoding.UTF8.GetBytes(key), new byte[valueBytes]).PackedOperations.ToArray();
        byte[] memory = [.. operations, .. previous ?? []];
        Push(() => (
            WatchEvent.Changes(
                At(revision),
                DateTimeOffset.FromUnixTimeMilliseconds((long)revision),
                memory.AsMemory(0, operations.Length),
                memory.AsMemory(operations.Length)),
            memory));
    }

    public void Invalidate(params KeyRange[] ranges) => Push(() => (WatchEvent.Invalidation(At(1), ranges), []));

    public void Fail(Exception exception) => Push(() => throw exception);

    public void End() => _events.Writer.Complete();

    public async IAsyncEnumerable<WatchEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await foreach (Func<(WatchEvent, byte[])> next in _events.Reader.ReadAllAsync(cancellationToken))
            {
                (WatchEvent told, byte[] memory) = next();
                Interlocked.Increment(ref _pulled);
                _pulls.Writer.TryWrite(true);
                yield return told;
                memory.AsSpan().Fill(0xEE);
            }
        }
        finally
        {
            _over.TrySetResult();
        }
    }

    private void Push(Func<(WatchEvent, byte[])> next) => _events.Writer.TryWrite(next);
}
