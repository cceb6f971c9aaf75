namespace WsStorage.WsServer.Leases;

/// <summary>A lease in the memory of its keeper, who guards it.</summary>
/// <param name="id">Its id.</param>
/// <param name="session">Whose it is.</param>
/// <param name="timeToLive">How long it lasts while its session is away.</param>
internal sealed class KeptLease(ulong id, Guid session, TimeSpan timeToLive)
{
    public ulong Id => id;

    public Guid Session => session;

    public TimeSpan TimeToLive => timeToLive;

    /// <summary>When to end it, by the keeper's clock; none while its session is connected, or while it is being ended.</summary>
    public TimeSpan? Deadline { get; set; }

    /// <summary>Completes when its record is durable.</summary>
    public Task Granting { get; set; } = Task.CompletedTask;

    /// <summary>Whether it can't be saved any more, even by its session coming back.</summary>
    public bool IsOver { get; set; }

    /// <summary>The attempt to end it that is under way.</summary>
    public Task? Ending { get; set; }

    /// <summary>Told, quickly and without throwing, that it is over.</summary>
    public Action? OnOver { get; init; }

    /// <summary>Why a number that is there already is not granted.</summary>
    public static StorageException Taken(ulong id) =>
        StorageException.InvalidArgument($"There is a lease {id:x16} already. Choose another number, at random.");

    /// <summary>Why none is granted any more.</summary>
    public static StorageException Stopping() =>
        new(StorageErrorCode.ShuttingDown, "The server is shutting down and grants no leases. Connect again later.");

    /// <summary>Refuses to grant it to another session, or once it is over.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/> or
    /// <see cref="StorageErrorCode.LeaseEnded"/>.</exception>
    public void ExpectGrantableTo(Guid other)
    {
        if (session != other)
        {
            throw Taken(id);
        }

        if (IsOver)
        {
            throw new StorageException(StorageErrorCode.LeaseEnded, $"Lease {id:x16} has ended. Choose another number, at random.");
        }
    }

    /// <summary>Refuses to end it for another session.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.NotFound"/>.</exception>
    public void ExpectOwnedBy(Guid other)
    {
        if (session != other)
        {
            throw new StorageException(
                StorageErrorCode.NotFound, $"Lease {id:x16} is not one of this client. Only the client that it was granted to can end it.");
        }
    }
}
