using System.Threading.Channels;

namespace WsStorage.Cache.Tests;

/// <summary>A source whose every answer a test gives by hand, when it wants and as it wants.</summary>
internal sealed class ScriptedSource : IStorage
{
    private readonly Channel<Request<GetResult>> _gets = Channel.CreateUnbounded<Request<GetResult>>();
    private readonly Channel<Request<GetManyResult>> _manyGets = Channel.CreateUnbounded<Request<GetManyResult>>();
    private readonly Channel<Request<WriteResult>> _writes = Channel.CreateUnbounded<Request<WriteResult>>();
    private readonly Channel<ScriptedWatch> _watches = Channel.CreateUnbounded<ScriptedWatch>();
    private readonly Channel<Request<StorageInfo>> _infos = Channel.CreateUnbounded<Request<StorageInfo>>();

    /// <summary>How many gets have been sent and not been taken by the test.</summary>
    public int WaitingGets => _gets.Reader.Count;

    public Task<Request<GetResult>> NextGetAsync() => NextAsync(_gets);

    public Task<Request<GetManyResult>> NextGetManyAsync() => NextAsync(_manyGets);

    public Task<Request<WriteResult>> NextWriteAsync() => NextAsync(_writes);

    public Task<ScriptedWatch> NextWatchAsync() => NextAsync(_watches);

    public Task<Request<StorageInfo>> NextInfoAsync() => NextAsync(_infos);

    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default) => Send(_infos, "", cancellationToken);

    public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        Send(_gets, System.Text.Encoding.UTF8.GetString(key.Span), cancellationToken);

    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default) =>
        Send(_manyGets, "", cancellationToken);

    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default) =>
        Send(_writes, "", cancellationToken);

    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default)
    {
        var watch = new ScriptedWatch(options);
        _watches.Writer.TryWrite(watch);
        return watch.ReadAsync(cancellationToken);
    }

    public ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public ValueTask DisposeAsync() => throw new InvalidOperationException("The source is not the cache's.");

    private static ValueTask<T> Send<T>(Channel<Request<T>> channel, string key, CancellationToken cancellationToken)
    {
        var request = new Request<T>(key);
        channel.Writer.TryWrite(request);
        return new ValueTask<T>(request.Answer.Task.WaitAsync(cancellationToken));
    }

    private static Task<T> NextAsync<T>(Channel<T> channel) => channel.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));
}

/// <summary>A request that waits for the test's answer.</summary>
internal sealed record Request<T>(string Key)
{
    public TaskCompletionSource<T> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>A watch that tells what the test says. A call returns when the cache has dealt with it and asks for more.</summary>
internal sealed class ScriptedWatch(WatchOptions options)
{
    private readonly Channel<(WatchEvent Told, Exception? Failure, TaskCompletionSource Done)> _events =
        Channel.CreateUnbounded<(WatchEvent, Exception?, TaskCompletionSource)>();

    public WatchOptions Options { get; } = options;

    public Guid Epoch { get; set; } = EpochOne;

    public static Guid EpochOne { get; } = new(1, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]);

    public static Guid EpochTwo { get; } = new(2, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]);

    public Position At(ulong revision) => new(Epoch, new Revision(revision), revision);

    public Task MarkAsync(ulong revision) => TellAsync(WatchEvent.Progress(At(revision)));

    public Task ChangeAsync(ulong revision, params string[] keys)
    {
        var batch = new WriteBatch();
        Array.ForEach(keys, key => batch.Put(key, ""));
        return TellAsync(WatchEvent.Changes(At(revision), default, batch.PackedOperations.ToArray()));
    }

    public Task RemoveRangeAsync(ulong revision, KeyRange range) => TellAsync(
        WatchEvent.Changes(At(revision), default, new WriteBatch().RemoveRange(range).PackedOperations.ToArray()));

    public Task InvalidateAsync(ulong revision, params KeyRange[] ranges) => TellAsync(WatchEvent.Invalidation(At(revision), ranges));

    /// <summary>Ends the watch with an error.</summary>
    public void Fail(StorageErrorCode code) =>
        _events.Writer.TryWrite((default, new StorageException(code, "as the test wants"), new TaskCompletionSource()));

    public async IAsyncEnumerable<WatchEvent> ReadAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach ((WatchEvent told, Exception? failure, TaskCompletionSource done) in _events.Reader.ReadAllAsync(cancellationToken))
        {
            if (failure is not null)
            {
                throw failure;
            }

            yield return told;
            done.SetResult();
        }
    }

    private Task TellAsync(WatchEvent told)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _events.Writer.TryWrite((told, null, done));
        return done.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }
}
