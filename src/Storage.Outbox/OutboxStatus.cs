namespace WsStorage.Outbox;

/// <summary>What delivery does.</summary>
public enum OutboxState
{
    /// <summary>It delivers, or waits for something to deliver.</summary>
    Delivering = 0,

    /// <summary>The last attempt failed; it tries again by itself.</summary>
    Retrying = 1,

    /// <summary>It has stopped and needs somebody to look at it; nothing is lost, and writes are still accepted.</summary>
    Stopped = 2,

    /// <summary>The outbox has been disposed of.</summary>
    Closed = 3,
}

/// <summary>How an outbox stands.</summary>
public sealed record OutboxStatus
{
    /// <summary>Which outbox it is: part of its marker's key at the target.</summary>
    public required Guid Id { get; init; }

    /// <summary>What delivery does.</summary>
    public required OutboxState State { get; init; }

    /// <summary>Why the last attempt failed, or delivery has stopped; none while all is well.</summary>
    public string? Problem { get; init; }

    /// <summary>How many records are accepted and not known to be delivered.</summary>
    public required int Depth { get; init; }

    /// <summary>How many bytes they take.</summary>
    public required long Bytes { get; init; }

    /// <summary>How long the oldest of them has waited; none when there is none.</summary>
    public TimeSpan? OldestAge { get; init; }

    /// <summary>The number of the last record that was accepted, over all openings; 0 for none. One record is one batch that was
    /// written, so a producer that writes nothing else, and awaits each write before the next, can go on after it. Where many writes
    /// are outstanding, one that fails may leave its number unused.</summary>
    public required ulong AcceptedSequence { get; init; }

    /// <summary>The number of the last record that was delivered; 0 for none.</summary>
    public required ulong DeliveredSequence { get; init; }

    /// <summary>How many records were found delivered since the outbox was opened, dropped ones included.</summary>
    public required long Delivered { get; init; }

    /// <summary>How often a record was decided on since the outbox was opened.</summary>
    public required long Conflicts { get; init; }
}
