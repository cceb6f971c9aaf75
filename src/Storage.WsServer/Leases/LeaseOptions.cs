namespace WsStorage.WsServer.Leases;

/// <summary>Which leases a server grants.</summary>
public sealed record LeaseOptions
{
    // Far within what a lease's record and the arithmetic of times can hold.
    private static readonly TimeSpan LongestTimeToLive = TimeSpan.FromDays(3650);

    /// <summary>
    /// Whether to keep leases. Of the servers of one store only one may: it ends those whose owners are not connected to it.
    /// Never kept where the storage is read-only or a replica, or is itself one that others keep the leases of. Default: yes.
    /// </summary>
    public bool Enabled { get; init; } = true;

    /// <summary>The shortest time to live; one that is asked for and shorter is raised to it. Default: 1 s.</summary>
    public TimeSpan MinTimeToLive { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest time to live; one that is asked for and longer is cut to it. Default: 30 days.</summary>
    public TimeSpan MaxTimeToLive { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How many leases there may be. Default: 100,000.</summary>
    public int MaxLeases { get; init; } = 100_000;

    /// <summary>How many leases a client may have. Default: 1,000.</summary>
    public int MaxLeasesPerSession { get; init; } = 1000;

    /// <summary>Refuses what makes no sense.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public void Validate()
    {
        if (MinTimeToLive < TimeSpan.FromMilliseconds(1) || MaxTimeToLive < MinTimeToLive || MaxTimeToLive > LongestTimeToLive)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(LeaseOptions)}: {nameof(MinTimeToLive)} is {MinTimeToLive} and {nameof(MaxTimeToLive)} is {MaxTimeToLive}; the first must be at least a millisecond, the second not less and at most {LongestTimeToLive}.");
        }

        if (MaxLeases < 0 || MaxLeasesPerSession < 0)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(LeaseOptions)}: {nameof(MaxLeases)} is {MaxLeases} and {nameof(MaxLeasesPerSession)} is {MaxLeasesPerSession}; they must not be negative.");
        }
    }

    internal TimeSpan Bound(TimeSpan timeToLive)
    {
        TimeSpan bounded = timeToLive < MinTimeToLive ? MinTimeToLive : timeToLive > MaxTimeToLive ? MaxTimeToLive : timeToLive;
        return TimeSpan.FromMilliseconds((long)bounded.TotalMilliseconds);
    }
}
