using System.Collections.Concurrent;
using System.Threading.Channels;
using WsStorage.Core;

namespace WsStorage.WsServer.Tests;

/// <summary>
/// A storage whose watches hear what a test pushes, and that notes the stamps of what is written and answers them as a test
/// wants.
/// </summary>
internal sealed class FeedStorage : IExactlyOnceStorage
{
    private readonly InMemoryStorage _inner = new();
    private readonly Channel<Feed> _feeds = Channel.CreateUnbounded<Feed>();

    /// <summary>Called with each new watch before the server hears anything of it. Default: pushes a mark at revision 1.</summary>
    public Action<Feed> OnWatch { get; set; } = static feed => feed.Mark(1);

    /// <summary>The stamp of each batch, in the order in which they came; none for a plain one.</summary>
    public ConcurrentQueue<WriteStamp?> Stamps { get; } = new();

    /// <summary>What writes with these numbers are answered instead of being executed.</summary>
    public Dictionary<ulong, StorageErrorCode> Errors { get; } = [];

    public Dictionary<Guid, ulong> LastNumbers { get; } = [];

    public ConcurrentQueue<(string Follower, Revision After, TimeSpan Duration)> Kept { get; } = new();

    public TimeSpan SessionRetention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>The next watch that has begun.</summary>
    public Task<Feed> NextFeedAsync() => _feeds.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));

    public ulong GetLastNumber(Guid session) => LastNumbers.GetValueOrDefault(session);

    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default)
    {
        var feed = new Feed(options);
        OnWatch(feed);
        _feeds.Writer.TryWrite(feed);
        return feed.ReadAsync(cancellationToken);
    }

    public ValueTask KeepHistoryAsync(string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default)
    {
        if (after.Value == 0)
        {
            throw new StorageException(StorageErrorCode.Compacted, "It is gone.");
        }

        Kept.Enqueue((follower, after, duration));
        return default;
    }

    public async ValueTask WriteManyAsync(
        ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, CancellationToken cancellationToken = default)
    {
        await _inner.WriteManyAsync(batches, results, cancellationToken);
        for (int i = 0; i < batches.Length; i++)
        {
            WriteStamp? stamp = batches.Span[i].Stamp;
            Stamps.Enqueue(stamp);
            if (stamp is { } numbered && Errors.TryGetValue(numbered.Number, out StorageErrorCode error))
            {
                results.Span[i] = WriteResult.NotExecuted(error);
            }
        }
    }

    public void ReadMany(ReadOnlySpan<ReadOnlyMemory<byte>> keys, IValueReceiver receiver) => _inner.ReadMany(keys, receiver);

    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default) => _inner.GetInfoAsync(cancellationToken);

    public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        _inner.GetAsync(key, cancellationToken);

    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default) =>
        _inner.GetManyAsync(keys, cancellationToken);

    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default) =>
        _inner.WriteAsync(batch, cancellationToken);

    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default) =>
        _inner.ScanPagesAsync(options, cancellationToken);

    public ValueTask DisposeAsync() => _inner.DisposeAsync();
}
