namespace WsStorage.Outbox;

/// <summary>Why the target did not take a record as it is.</summary>
public enum OutboxConflictReason
{
    /// <summary>One of its preconditions does not hold at the target.</summary>
    PreconditionFailed = 0,

    /// <summary>The target will never take it: it is too large, or makes no sense there.</summary>
    Refused = 1,
}

/// <summary>A record that the target did not take as it is.</summary>
public sealed record OutboxConflict
{
    /// <summary>Why.</summary>
    public required OutboxConflictReason Reason { get; init; }

    /// <summary>The record's number among those of this outbox.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>When the outbox accepted it, by the outbox's clock.</summary>
    public required DateTimeOffset AcceptedAt { get; init; }

    /// <summary>What was tried: the record as it was written, or what an earlier decision put in its place. The receiver's own
    /// copy.</summary>
    public required WriteBatch Batch { get; init; }

    /// <summary>The place in <see cref="Batch"/> of the first precondition that did not hold, or -1.</summary>
    public int FailedPrecondition { get; init; } = -1;

    /// <summary>Why the target refused it; none when a precondition failed.</summary>
    public StorageException? Error { get; init; }

    /// <summary>Which decision on this record this is since the outbox was opened, from 1; one that threw does not count.</summary>
    public int Attempt { get; init; }

    /// <summary>The target, to read what is there now. Reads through the outbox would show the record itself.</summary>
    public required IStorage Target { get; init; }
}

/// <summary>What to do with a record that the target did not take.</summary>
public sealed class OutboxDecision
{
    private OutboxDecision(WriteBatch? replacement) => Replacement = replacement;

    /// <summary>The record is left out; delivery goes on after it.</summary>
    public static OutboxDecision Drop { get; } = new(new WriteBatch());

    /// <summary>The record's operations are delivered without preconditions.</summary>
    public static OutboxDecision Overwrite { get; } = new(replacement: null);

    internal WriteBatch? Replacement { get; }

    /// <summary>Another batch is delivered in the record's place; its preconditions, too, are checked at the target.</summary>
    /// <param name="replacement">The batch; not to be changed until it is delivered.</param>
    /// <returns>The decision.</returns>
    public static OutboxDecision Merge(WriteBatch replacement)
    {
        ArgumentNullException.ThrowIfNull(replacement);
        return new(replacement);
    }
}
