using System.Runtime.CompilerServices;
using WsStorage.Core;

namespace WsStorage.WsServer.Tests.Leases;

/// <summary>A storage whose writes a test sees, holds up and lets fail.</summary>
internal sealed class ObservedStorage(StorageLimits? limits = null) : IStorage
{
    private readonly InMemoryStorage _inner = new(new InMemoryStorageOptions { Limits = limits ?? StorageLimits.Default });
    private readonly Lock _gate = new();
    private readonly List<(byte[] Key, TaskCompletionSource Absent)> _waiters = [];
    private int _openWatches;

    /// <summary>Runs before a write; what it throws, the write throws, and is not applied.</summary>
    public Func<WriteBatch, ValueTask>? BeforeWrite { get; set; }

    /// <summary>Runs before a read of one key.</summary>
    public Func<ValueTask>? BeforeGet { get; set; }

    /// <summary>Runs before a watch begins.</summary>
    public Func<ValueTask>? BeforeWatch { get; set; }

    /// <summary>What reading the info and scanning throws.</summary>
    public StorageException? ReadFailure { get; set; }

    public bool IsReadOnly { get; set; }

    public TimeSpan? Staleness { get; set; }

    public int OpenWatches => Volatile.Read(ref _openWatches);

    public Revision Revision => _inner.GetInfoAsync().AsTask().GetAwaiter().GetResult().Revision;

    public async ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfUnreadable();
        return (await _inner.GetInfoAsync(cancellationToken)) with { IsReadOnly = IsReadOnly, Staleness = Staleness };
    }

    public async ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        await (BeforeGet?.Invoke() ?? ValueTask.CompletedTask);
        return await _inner.GetAsync(key, cancellationToken);
    }

    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default) =>
        _inner.GetManyAsync(keys, cancellationToken);

    public async ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await (BeforeWrite?.Invoke(batch) ?? ValueTask.CompletedTask);
        return await WriteUnseenAsync(batch);
    }

    /// <summary>A write that no hook sees.</summary>
    public async ValueTask<WriteResult> WriteUnseenAsync(WriteBatch batch)
    {
        WriteResult result = await _inner.WriteAsync(batch);
        await TellWaitersAsync();
        return result;
    }

    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default)
    {
        ThrowIfUnreadable();
        return _inner.ScanPagesAsync(options, cancellationToken);
    }

    public async IAsyncEnumerable<WatchEvent> WatchAsync(
        WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await (BeforeWatch?.Invoke() ?? ValueTask.CompletedTask);
        Interlocked.Increment(ref _openWatches);
        try
        {
            await foreach (WatchEvent told in _inner.WatchAsync(options, cancellationToken))
            {
                yield return told;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _openWatches);
        }
    }

    public ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
        ValueTask.CompletedTask;

    /// <summary>Completes when a key is absent after a write.</summary>
    public async Task WhenAbsentAsync(byte[] key)
    {
        var absent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiters.Add((key, absent));
        }

        await TellWaitersAsync();
        await absent.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    public async Task<bool> HasAsync(string key) => (await _inner.GetStringAsync(key)) is not null;

    /// <summary>The keys there are, as texts, those of leases left out.</summary>
    public async Task<List<string>> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (Entry entry in _inner.ScanAsync(KeyRange.Between(default, ReservedKeys.Range.Start)))
        {
            keys.Add(entry.KeyText);
        }

        return keys;
    }

    /// <summary>How many keys of leases, locks and numbers there are.</summary>
    public async Task<int> CountReservedAsync() =>
        await _inner.ScanAsync(ReservedKeys.Range).CountAsync();

    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    private async ValueTask TellWaitersAsync()
    {
        (byte[] Key, TaskCompletionSource Absent)[] waiters;
        lock (_gate)
        {
            waiters = [.. _waiters];
        }

        foreach ((byte[] key, TaskCompletionSource absent) in waiters)
        {
            if (!(await _inner.GetAsync(key)).Found)
            {
                absent.TrySetResult();
            }
        }
    }

    private void ThrowIfUnreadable()
    {
        if (ReadFailure is { } failure)
        {
            throw failure;
        }
    }
}
