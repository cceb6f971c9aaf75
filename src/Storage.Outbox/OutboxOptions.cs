using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace WsStorage.Outbox;

/// <summary>How an <see cref="OutboxStorage"/> keeps and delivers its records.</summary>
public sealed record OutboxOptions
{
    // What the timers of the framework take.
    private static readonly TimeSpan MaxDelay = TimeSpan.FromDays(24);

    /// <summary>How many bytes of records may wait for their delivery; a write beyond is refused. Default: 256 MiB.</summary>
    public long MaxBytes { get; init; } = 256L << 20;

    /// <summary>
    /// How many bytes of operations are delivered in one batch at the most, where records can be merged; a record that is longer
    /// goes alone. From 1 to 1 GiB. Default: 1 MiB.
    /// </summary>
    public int MaxMergedBytes { get; init; } = 1 << 20;

    /// <summary>How many records are merged into one batch at the most; 1 merges none. Default: 1,000.</summary>
    public int MaxMergedRecords { get; init; } = 1000;

    /// <summary>How many batches may be under way to the target at once. From 1 to 64. Default: 4.</summary>
    public int MaxBatchesInFlight { get; init; } = 4;

    /// <summary>How long delivery waits at the most after a first failure; twice as long after each further one. Each wait is
    /// random, from nothing to that. Default: 100 ms.</summary>
    public TimeSpan RetryBaseDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The most that the wait after a failure grows to. Default: 10 s.</summary>
    public TimeSpan RetryMaxDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Decides on a record that the target did not take as it is. Called for one record at a time, while delivery waits; when it
    /// throws, delivery waits and asks again. Default: none; then a record whose precondition fails is delivered without
    /// preconditions, so that the last delivered wins, and a record that the target refuses stops delivery.
    /// </summary>
    public Func<OutboxConflict, CancellationToken, ValueTask<OutboxDecision>>? ResolveConflict { get; init; }

    /// <summary>
    /// Gives the outbox a new id when it is opened, and so a new marker at the target. For a directory that is a copy of another
    /// outbox's, or a target that has lost its marker; what had been delivered and was not noted here yet is delivered again.
    /// Default: no.
    /// </summary>
    public bool NewIdentity { get; init; }

    /// <summary>The clock of ages and waits. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where it is told what happens. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Refuses what makes no sense, with a message that names the option and the bounds.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public void Validate()
    {
        Check(nameof(MaxBytes), MaxBytes, 1, long.MaxValue);
        Check(nameof(MaxMergedBytes), MaxMergedBytes, 1, 1 << 30);
        Check(nameof(MaxMergedRecords), MaxMergedRecords, 1, int.MaxValue);
        Check(nameof(MaxBatchesInFlight), MaxBatchesInFlight, 1, 64);
        if (RetryBaseDelay <= TimeSpan.Zero || RetryMaxDelay < RetryBaseDelay || RetryMaxDelay > MaxDelay)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(RetryBaseDelay)} is {RetryBaseDelay} and {nameof(RetryMaxDelay)} is {RetryMaxDelay}; they must be more than nothing, the first at most the second, and both at most {MaxDelay.TotalDays} days.");
        }
    }

    private static void Check(string name, long value, long least, long most)
    {
        if (value < least || value > most)
        {
            throw StorageException.InvalidArgument($"{name} is {value}; it must be from {least} to {most}.");
        }
    }
}
