using WsStorage.Core;

namespace WsStorage.Outbox.Tests;

/// <summary>A target in memory whose link goes down and up, and whose writes a test can make fail. Thread-safe.</summary>
internal sealed class FaultyStorage(IStorage inner) : IStorage
{
    private volatile bool _isDown;
    private volatile bool _holds;
    private TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _writes;
    private int _reads;

    public FaultyStorage()
        : this(new InMemoryStorage())
    {
    }

    public IStorage Inner { get; } = inner;

    /// <summary>Called before each write, with its number from 1 and the batch; may throw, or make the write throw after it.</summary>
    public Func<int, WriteBatch, WriteFault>? OnWrite { get; set; }

    /// <summary>Called within each call of <see cref="WriteAsync"/>: what it throws is thrown there, not by the task.</summary>
    public Action<WriteBatch>? OnWriteCall { get; set; }

    /// <summary>What each write waits for before it is applied.</summary>
    public Task WriteGate { get; set; } = Task.CompletedTask;

    /// <summary>Called before each read of keys.</summary>
    public Func<Task>? OnRead { get; set; }

    public bool IsDown
    {
        get => _isDown;
        set => _isDown = value;
    }

    /// <summary>For a test's own faults: whether writes are to be held back while reads go through.</summary>
    public bool Holds
    {
        get => _holds;
        set => _holds = value;
    }

    public int Writes => Volatile.Read(ref _writes);

    public int Reads => Volatile.Read(ref _reads);

    /// <summary>Completes when a write is tried, from now on.</summary>
    public Task NextWrite => _written.Task;

    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default)
    {
        OnWriteCall?.Invoke(batch);
        return ApplyAsync(batch, cancellationToken);
    }

    public async ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        await BeforeReadAsync();
        return await Inner.GetAsync(key, cancellationToken);
    }

    public async ValueTask<GetManyResult> GetManyAsync(IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default)
    {
        await BeforeReadAsync();
        return await Inner.GetManyAsync(keys, cancellationToken);
    }

    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfDown();
        return Inner.GetInfoAsync(cancellationToken);
    }

    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default) =>
        Inner.ScanPagesAsync(options, cancellationToken);

    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
        Inner.WatchAsync(options, cancellationToken);

    public ValueTask KeepHistoryAsync(string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
        Inner.KeepHistoryAsync(follower, after, duration, cancellationToken);

    public ValueTask DisposeAsync() => Inner.DisposeAsync();

    private static StorageException Lost() => new(StorageErrorCode.ConnectionLost, "The link is cut.", WriteOutcome.Unknown);

    private async ValueTask<WriteResult> ApplyAsync(WriteBatch batch, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        int number = Interlocked.Increment(ref _writes);
        Interlocked.Exchange(ref _written, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        WriteFault fault = OnWrite?.Invoke(number, batch) ?? WriteFault.None;
        if (fault == WriteFault.Before)
        {
            throw Lost();
        }

        await WriteGate;
        WriteResult result = await Inner.WriteAsync(batch, cancellationToken);
        return fault == WriteFault.After ? throw Lost() : result;
    }

    private async Task BeforeReadAsync()
    {
        ThrowIfDown();
        Interlocked.Increment(ref _reads);
        if (OnRead is { } before)
        {
            await before();
        }
    }

    private void ThrowIfDown()
    {
        if (_isDown)
        {
            throw new StorageException(StorageErrorCode.ConnectFailed, "The link is down.");
        }
    }
}

/// <summary>What befalls a write.</summary>
public enum WriteFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It is lost before it is applied.</summary>
    Before,

    /// <summary>It is applied, and the answer is lost.</summary>
    After,
}
