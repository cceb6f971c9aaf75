using System.Runtime.CompilerServices;

namespace WsStorage.Cache.Tests;

/// <summary>
/// A source whose answers and events come late, by chance, and whose answers state revisions that are lower than they could be:
/// all that a source may do.
/// </summary>
internal sealed class RestlessSource(IStorage inner, int seed) : IStorage
{
    private int _calls = seed;

    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default) => inner.GetInfoAsync(cancellationToken);

    public async ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        Random random = Draw();
        Revision lowest = (await inner.GetInfoAsync(cancellationToken)).Revision;
        await RestAsync(random.Next(20));
        GetResult answer = await inner.GetAsync(key, cancellationToken);
        await RestAsync(random.Next(40));
        return random.Next(3) == 0 ? answer with { Revision = lowest } : answer;
    }

    public async ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default)
    {
        Random random = Draw();
        Revision lowest = (await inner.GetInfoAsync(cancellationToken)).Revision;
        await RestAsync(random.Next(20));
        GetManyResult answer = await inner.GetManyAsync(keys, cancellationToken);
        await RestAsync(random.Next(40));
        return random.Next(3) == 0 ? answer with { Revision = lowest } : answer;
    }

    public async ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default)
    {
        Random random = Draw();
        await RestAsync(random.Next(10));
        WriteResult result = await inner.WriteAsync(batch, cancellationToken);
        await RestAsync(random.Next(10));
        return result;
    }

    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default) =>
        inner.ScanPagesAsync(options, cancellationToken);

    public async IAsyncEnumerable<WatchEvent> WatchAsync(
        WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Random random = Draw();
        int events = 0;
        await foreach (WatchEvent told in inner.WatchAsync(options, cancellationToken).ConfigureAwait(false))
        {
            await RestAsync(random.Next(30));
            yield return told;
            if (++events > 200 && random.Next(200) == 0)
            {
                throw new StorageException(StorageErrorCode.ConnectionLost, "as chance wants it");
            }
        }
    }

    public ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
        inner.KeepHistoryAsync(follower, after, duration, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static async Task RestAsync(int turns)
    {
        for (int i = 0; i < turns; i++)
        {
            await Task.Yield();
        }
    }

    private Random Draw() => new(Interlocked.Increment(ref _calls));
}
