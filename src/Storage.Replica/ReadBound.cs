namespace WsStorage.Replica;

/// <summary>What a read does when the copy is older than its bound allows.</summary>
public enum BoundMiss
{
    /// <summary>It waits until the copy is not, for <see cref="ReadBound.Timeout"/> at the most, and fails then.</summary>
    Wait = 0,

    /// <summary>It fails at once.</summary>
    Throw = 1,
}

/// <summary>How old a copy may be to be read (<see cref="ReplicaStorage.WithBound"/>). Immutable.</summary>
public sealed record ReadBound
{
    private ReadBound()
    {
    }

    /// <summary>As new as the source is when the read is asked for: the source is asked, with each read, how far it is.</summary>
    public static ReadBound Latest { get; } = new();

    /// <summary>What happens when the copy is older. Default: the read waits.</summary>
    public BoundMiss IfNot { get; init; }

    /// <summary>How long a read waits; <see langword="null"/>, the default, for <see cref="ReplicaOptions.ReadWaitTimeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    internal Revision? Revision { get; private init; }

    internal TimeSpan? Age { get; private init; }

    /// <summary>The copy has a revision, such as that of a write that was made elsewhere.</summary>
    /// <param name="revision">The revision.</param>
    /// <returns>The bound.</returns>
    public static ReadBound AtLeast(Revision revision) => new() { Revision = revision };

    /// <summary>The copy is no older than some time, when the read is asked for (<see cref="ReplicaStatus.Staleness"/>).</summary>
    /// <param name="age">The time, not negative. Less than <see cref="ReplicaOptions.LagInterval"/> costs a question to the source
    /// with most reads.</param>
    /// <returns>The bound.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public static ReadBound NoOlderThan(TimeSpan age) => age >= TimeSpan.Zero
        ? new() { Age = age }
        : throw StorageException.InvalidArgument($"A read is to be no older than {age}; that can't be negative.");

    /// <summary>Refuses what makes no sense.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public void Validate()
    {
        TimeSpan most = TimeSpan.FromMilliseconds(int.MaxValue);
        if (Timeout is { } timeout && (timeout <= TimeSpan.Zero || timeout > most))
        {
            throw StorageException.InvalidArgument(
                $"{nameof(ReadBound)}.{nameof(Timeout)} is {timeout}; it must be more than zero and at most {most}.");
        }
    }
}
