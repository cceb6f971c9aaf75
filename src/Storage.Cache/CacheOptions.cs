using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace WsStorage.Cache;

/// <summary>How a <see cref="CachedStorage"/> works.</summary>
public sealed record CacheOptions
{
    private static readonly TimeSpan LeastStaleness = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MostStaleness = TimeSpan.FromDays(1);

    /// <summary>Its name, in metrics.</summary>
    public string Name { get; init; } = "default";

    /// <summary>
    /// What the entries may cost, in bytes: of each its key, its value and <see cref="EntryOverheadBytes"/>. From 4 KiB on.
    /// Default: 64 MiB.
    /// </summary>
    public long MaxBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>
    /// The most that one entry may cost, in bytes; a larger one is not cached. From 1 KiB to a quarter of
    /// <see cref="MaxBytes"/>. Default, at 0: a 256th of <see cref="MaxBytes"/>, at least 1 KiB.
    /// </summary>
    public long MaxEntryBytes { get; init; }

    /// <summary>The keys to cache, and so to watch. Reads of others go to the source. Default: all.</summary>
    public KeyRange Range { get; init; } = KeyRange.All;

    /// <summary>What reads may answer with, those of <see cref="CachedStorage.Strict"/> apart.</summary>
    public CacheConsistency Consistency { get; init; } = CacheConsistency.LastSeen;

    /// <summary>
    /// How old an answer may be: a write that was acknowledged longer ago than this when a read began is seen by it, even when
    /// the link to the source hangs. A quarter of it is how often the source is asked how far it is. From 100 ms to a day.
    /// Default: 5 s.
    /// </summary>
    public TimeSpan MaxStaleness { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where to log. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>What an entry is reckoned to cost beside its key and value, in bytes.</summary>
    public const int EntryOverheadBytes = 192;

    internal Func<double> Jitter { get; init; } = Random.Shared.NextDouble;

    internal long EntryBytes => MaxEntryBytes == 0 ? Math.Max(1024, MaxBytes / 256) : MaxEntryBytes;

    /// <summary>Refuses what makes no sense, with a message that names the thing and the bounds.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/> or
    /// <see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public void Validate()
    {
        Range.CheckBounds();
        if (MaxBytes < 4096)
        {
            throw StorageException.InvalidArgument($"{nameof(MaxBytes)} is {MaxBytes}; it must be at least 4096.");
        }

        if (EntryBytes < 1024 || EntryBytes > MaxBytes / 4)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(MaxEntryBytes)} is {MaxEntryBytes}; with a {nameof(MaxBytes)} of {MaxBytes} it must be from 1024 to {MaxBytes / 4}, or 0 for the default.");
        }

        if (MaxStaleness < LeastStaleness || MaxStaleness > MostStaleness)
        {
            throw StorageException.InvalidArgument($"{nameof(MaxStaleness)} is {MaxStaleness}; it must be from 100 ms to a day.");
        }

        if (!Enum.IsDefined(Consistency))
        {
            throw StorageException.InvalidArgument($"{nameof(Consistency)} is {Consistency}; it must be one of {nameof(CacheConsistency)}.");
        }
    }
}
