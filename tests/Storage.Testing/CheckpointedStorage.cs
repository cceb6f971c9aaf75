using System.Collections.Concurrent;

namespace WsStorage.Testing;

/// <summary>A storage that hands out whatever files a test has put into it, from memory. Thread-safe but for its properties.</summary>
/// <param name="inner">Does everything else; not owned.</param>
public sealed class CheckpointedStorage(IStorage inner) : ICheckpointStorage
{
    /// <summary>The checkpoints that are there, by their ids.</summary>
    public ConcurrentDictionary<Guid, IReadOnlyDictionary<string, byte[]>> Checkpoints { get; } = new();

    /// <summary>What the next checkpoint is made of.</summary>
    public IReadOnlyDictionary<string, byte[]> Files { get; set; } = new Dictionary<string, byte[]>(StringComparer.Ordinal);

    /// <summary>How many checkpoints there may be.</summary>
    public int MaxCheckpoints { get; set; } = int.MaxValue;

    /// <summary>Called, with its token, by each read before it reads.</summary>
    public Func<CancellationToken, ValueTask> OnRead { get; set; } = static _ => default;

    /// <inheritdoc/>
    public async ValueTask<CheckpointInfo> CreateCheckpointAsync(CancellationToken cancellationToken = default)
    {
        if (Checkpoints.Count >= MaxCheckpoints)
        {
            throw new StorageException(StorageErrorCode.LimitExceeded, $"There are {MaxCheckpoints} checkpoints, the most that there may be.");
        }

        var info = new CheckpointInfo
        {
            Id = Guid.NewGuid(),
            Format = "test",
            Position = (await inner.GetInfoAsync(cancellationToken)).Position,
            Files = [.. Files.Select(file => new CheckpointFile(file.Key, file.Value.Length))],
        };
        Checkpoints[info.Id] = Files;
        return info;
    }

    /// <inheritdoc/>
    public async ValueTask<CheckpointPiece> ReadCheckpointAsync(
        Guid checkpoint, string file, long offset, int length, CancellationToken cancellationToken = default)
    {
        await OnRead(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        if (!Checkpoints.TryGetValue(checkpoint, out IReadOnlyDictionary<string, byte[]>? files) || !files.TryGetValue(file, out byte[]? content))
        {
            throw new StorageException(StorageErrorCode.NotFound, $"There is no file '{file}' of the checkpoint {checkpoint}.");
        }

        byte[] piece = content.AsSpan((int)offset, (int)Math.Min(length, content.Length - offset)).ToArray();
        return new CheckpointPiece(piece, XxHash64.Hash(piece, 0));
    }

    /// <inheritdoc/>
    public ValueTask ReleaseCheckpointAsync(Guid checkpoint, CancellationToken cancellationToken = default)
    {
        Checkpoints.TryRemove(checkpoint, out _);
        return default;
    }

    /// <inheritdoc/>
    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default) => inner.GetInfoAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        inner.GetAsync(key, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default) =>
        inner.GetManyAsync(keys, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(batch, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default) =>
        inner.ScanPagesAsync(options, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
        inner.WatchAsync(options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask KeepHistoryAsync(string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
        inner.KeepHistoryAsync(follower, after, duration, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;
}
