using WsStorage.Core.Feed;

namespace WsStorage.Core;

/// <summary>How an <see cref="InMemoryStorage"/> is opened.</summary>
public sealed record InMemoryStorageOptions
{
    private readonly long? _maxHistoryBytes;

    /// <summary>What it takes at the most. Default: <see cref="StorageLimits.Default"/>.</summary>
    public StorageLimits Limits { get; init; } = StorageLimits.Default;

    /// <summary>How long a session of numbered writes is remembered after its last use, at least
    /// (<see cref="IExactlyOnceStorage"/>). Default: 7 days.</summary>
    public TimeSpan SessionRetention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>
    /// How many bytes of history are kept, at most, for watches that begin in the past or fall behind; the last write is kept
    /// in any case, and more for followers. From 64 KiB on. Default: 64 MiB.
    /// </summary>
    public long HistoryBytes { get; init; } = 64L << 20;

    /// <summary>How many bytes of history followers can hold back at the most (<see cref="IStorage.KeepHistoryAsync"/>).
    /// Default: four times <see cref="HistoryBytes"/>.</summary>
    public long MaxHistoryBytes
    {
        get => _maxHistoryBytes ?? (HistoryBytes > long.MaxValue / 4 ? long.MaxValue : 4 * HistoryBytes);
        init => _maxHistoryBytes = value;
    }

    /// <summary>Whether history keeps what each key held before it was changed, for watches that ask for it
    /// (<see cref="WatchOptions.PreviousValues"/>). Default: no.</summary>
    public bool KeepPreviousValues { get; init; }

    /// <summary>The clock of sessions, of what is kept for a time, of commit times and progress marks. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Refuses contradictions.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public void Validate()
    {
        Limits.Validate();
        TimeSpan longest = TimeSpan.FromDays(36_500);
        if (SessionRetention < TimeSpan.FromSeconds(1) || SessionRetention > longest)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(SessionRetention)} is {SessionRetention}; it must be from one second to {longest.Days} days.");
        }

        if (HistoryBytes < ChangeFeedOptions.MinTailBytes)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(HistoryBytes)} is {HistoryBytes}; it must be at least {ChangeFeedOptions.MinTailBytes}.");
        }

        if (MaxHistoryBytes < HistoryBytes)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(MaxHistoryBytes)} is {MaxHistoryBytes}; it must be at least {nameof(HistoryBytes)}, which is {HistoryBytes}.");
        }
    }
}
