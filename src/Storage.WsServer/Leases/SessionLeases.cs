using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsServer.Leases;

/// <summary>The requests for leases of one connection. Beginning them is the session loop's; they are answered on any thread.</summary>
/// <param name="keeper">Who keeps the leases; nobody, when none are kept.</param>
/// <param name="outbox">Takes the replies.</param>
/// <param name="context">Knows the session's key.</param>
/// <param name="load">Counts them.</param>
internal sealed class SessionLeases(LeaseKeeper? keeper, MessageOutbox outbox, SessionContext context, SessionLoad load)
{
    public static StorageException NotKept() => new(
        StorageErrorCode.Unsupported,
        "This server keeps no leases. Ask the server of the store itself, or switch them on where the server is made.");

    /// <summary>Grants a lease.</summary>
    /// <param name="body">The body of the request.</param>
    /// <param name="id">Its id.</param>
    /// <exception cref="StorageException">It is refused.</exception>
    public void Grant(ReadOnlySpan<byte> body, RequestId id)
    {
        (ulong lease, TimeSpan timeToLive) = LeaseGrantRequest.Read(body);
        (LeaseKeeper leases, Guid session) = Expect();
        load.Begin();
        _ = GrantAsync(leases.GrantAsync(session, lease, timeToLive), lease, id);
    }

    /// <summary>Ends a lease.</summary>
    /// <param name="body">The body of the request.</param>
    /// <param name="id">Its id.</param>
    /// <exception cref="StorageException">It is refused.</exception>
    public void End(ReadOnlySpan<byte> body, RequestId id)
    {
        ulong lease = LeaseEndRequest.Read(body);
        (LeaseKeeper leases, Guid session) = Expect();
        load.Begin();
        _ = EndAsync(leases.EndAsync(session, lease), id);
    }

    private (LeaseKeeper Keeper, Guid Session) Expect()
    {
        if (keeper is null)
        {
            throw NotKept();
        }

        return context.SessionKey is { } session
            ? (keeper, session)
            : throw new StorageException(
                StorageErrorCode.Unsupported,
                "A lease belongs to a client with an id, and this client has none. Say the id in the hello.");
    }

    private async Task GrantAsync(Task<TimeSpan> granting, ulong lease, RequestId id)
    {
        try
        {
            Post(new LeaseGrantReply(lease, await granting.ConfigureAwait(false)), id);
        }
        catch (Exception exception)
        {
            Post(context.ToReply(exception, WriteOutcome.Unknown), id);
        }
        finally
        {
            load.End();
        }
    }

    private async Task EndAsync(Task ending, RequestId id)
    {
        try
        {
            await ending.ConfigureAwait(false);
            Post(new EmptyMessage(MessageType.LeaseEndReply), id);
        }
        catch (Exception exception)
        {
            Post(context.ToReply(exception, WriteOutcome.Unknown), id);
        }
        finally
        {
            load.End();
        }
    }

    private void Post<TMessage>(in TMessage reply, RequestId id)
        where TMessage : IMessage, allows ref struct
    {
        load.Answer();
        outbox.Post(reply, id);
    }
}
