using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using WsStorage.Core.Followers;

namespace WsStorage.Replica;

/// <summary>What a replica copies and how it follows.</summary>
public sealed record ReplicaOptions
{
    private static readonly TimeSpan MaxDuration = TimeSpan.FromDays(36_500);

    /// <summary>
    /// Names the replica at its source, which keeps history for it under this name (<see cref="IStorage.KeepHistoryAsync"/>): 1 to
    /// 256 bytes in UTF-8, another one for each replica of a source.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>The keys to copy, in any order; empty, the default, for all. A copy that was made of others is built anew.</summary>
    public IReadOnlyList<KeyRange> Ranges { get; init; } = [];

    /// <summary>How a copy comes from the source. Default: <see cref="BootstrapMode.Auto"/>.</summary>
    public BootstrapMode Bootstrap { get; init; } = BootstrapMode.Auto;

    /// <summary>From how many bytes on, as the source estimates them, <see cref="BootstrapMode.Auto"/> takes files. Default: 64 MiB.</summary>
    public long MinFilesBytes { get; init; } = 64L << 20;

    /// <summary>
    /// For how long the source is to keep history while the replica is away, up to the source's own bound. Renewed while the
    /// replica follows; zero asks for nothing. Default: an hour.
    /// </summary>
    public TimeSpan HistoryDuration { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Whether a write through the replica ends only once the copy has it. Default: yes.</summary>
    public bool ReadYourWrites { get; init; } = true;

    /// <summary>How long such a write waits for the copy, after the source has acknowledged it. Default: 30 s.</summary>
    public TimeSpan WriteWaitTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a read waits for a first whole copy, or for its bound (<see cref="ReadBound"/>). Default: 30 s.</summary>
    public TimeSpan ReadWaitTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the source is asked how far it is, which is how staleness is measured. Default: 1 s.</summary>
    public TimeSpan LagInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The bound of the first wait after a failure; it doubles with each, and a wait is a random time up to it.
    /// Default: 100 ms.</summary>
    public TimeSpan RetryBaseDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>What the bound grows to. Default: 30 s.</summary>
    public TimeSpan RetryMaxDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many bytes are written to the copy at once, about: from 4 KiB to 64 MiB. Twice as much is held in memory.
    /// Default: 1 MiB.</summary>
    public int ApplyBytes { get; init; } = 1 << 20;

    /// <summary>
    /// Hears how the replica stands, each time that it changes and about ten times a second while it loads: one report after the
    /// other, on a thread of the pool, always the newest. None by default.
    /// </summary>
    public IProgress<ReplicaStatus>? Progress { get; init; }

    /// <summary>Where it logs. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Refuses what makes no sense, with a message that names the thing and the bounds.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/> or
    /// <see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public void Validate()
    {
        FollowerTable.Check(Name, HistoryDuration);
        foreach (KeyRange range in Ranges)
        {
            range.CheckBounds();
            if (range.IsEmpty)
            {
                throw StorageException.InvalidArgument($"{nameof(ReplicaOptions)}.{nameof(Ranges)} has a range that no key can be in; leave it out.");
            }
        }

        if (Bootstrap == BootstrapMode.Files && Ranges.Count > 0)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(ReplicaOptions)}.{nameof(Bootstrap)} is {BootstrapMode.Files} and {nameof(Ranges)} are given: files hold all keys. Give one of them.");
        }

        if (ApplyBytes is < 4096 or > 64 << 20)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(ReplicaOptions)}.{nameof(ApplyBytes)} is {ApplyBytes}; it must be from 4,096 to {64 << 20}.");
        }

        if (HistoryDuration > MaxDuration)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(ReplicaOptions)}.{nameof(HistoryDuration)} is {HistoryDuration}; it must be at most {MaxDuration}.");
        }

        Positive(nameof(WriteWaitTimeout), WriteWaitTimeout);
        Positive(nameof(ReadWaitTimeout), ReadWaitTimeout);
        Positive(nameof(LagInterval), LagInterval);
        Positive(nameof(RetryBaseDelay), RetryBaseDelay);
        Positive(nameof(RetryMaxDelay), RetryMaxDelay);
        if (RetryMaxDelay < RetryBaseDelay)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(ReplicaOptions)}.{nameof(RetryMaxDelay)} is {RetryMaxDelay}, less than {nameof(RetryBaseDelay)}, which is {RetryBaseDelay}.");
        }
    }

    private static void Positive(string name, TimeSpan value)
    {
        // The longest time that a timer takes.
        TimeSpan most = TimeSpan.FromMilliseconds(int.MaxValue);
        if (value <= TimeSpan.Zero || value > most)
        {
            throw StorageException.InvalidArgument($"{nameof(ReplicaOptions)}.{name} is {value}; it must be more than zero and at most {most}.");
        }
    }
}
