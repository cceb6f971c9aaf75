using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient;

/// <summary>
/// Numbers the writes of a client, so that its server applies each once, however often it is sent; and knows which numbers are
/// unanswered, so that the server can forget the rest. Guarded by the <see cref="RequestQueue"/>.
/// </summary>
/// <remarks>
/// The first number is a time in microseconds, or what follows the server's last: so no number is used again after a restart
/// with the same client id, and nothing needs to be kept but the id.
/// </remarks>
internal sealed class WriteNumbers(TimeProvider time)
{
    private readonly LinkedList<PendingWrite> _unanswered = [];
    private ulong _last = (ulong)Math.Max(0, (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
    private Guid? _answeredIn;

    /// <summary>Hears what a server knows of the client's session.</summary>
    /// <param name="session">What it said in its welcome.</param>
    public void Welcome(SessionFacts session) => _last = Math.Max(_last, session.LastNumber);

    /// <summary>Says why a write that was sent before must not be sent again over a connection.</summary>
    /// <param name="write">The write.</param>
    /// <param name="connection">The connection.</param>
    /// <returns>Why not, or none: it may be sent.</returns>
    public StorageException? CheckResend(PendingWrite write, ClientConnection connection)
    {
        if (write.Number == 0)
        {
            return null;
        }

        if (connection.Position.Epoch != write.FirstEpoch)
        {
            return Lost(
                StorageErrorCode.EpochChanged,
                $"its answer was lost with the connection, and now the server has another store, or one that was restored (epoch {connection.Position.Epoch} in the place of {write.FirstEpoch})");
        }

        if (!connection.Session.AppliesOnce)
        {
            return Lost(StorageErrorCode.OutcomeUnknown, "its answer was lost with the connection, and now the server can't tell a write that is sent again");
        }

        TimeSpan retention = connection.Session.Retention < write.FirstRetention ? connection.Session.Retention : write.FirstRetention;
        return time.GetElapsedTime(write.CalledAt) < retention / 2
            ? null
            : Lost(StorageErrorCode.OutcomeUnknown, $"its answer was lost with the connection, and the server, which remembers for {retention}, may have forgotten it by now");

        static StorageException Lost(StorageErrorCode code, string why) => new(
            code, $"Whether the write was applied is not known: {why}. It was not sent again; read the keys and decide anew.", WriteOutcome.Unknown);
    }

    /// <summary>Gets a write ready to be sent: gives it a number, unless it has one, and says what goes with it.</summary>
    /// <param name="write">The write.</param>
    /// <param name="connection">Where it is sent.</param>
    public void Stamp(PendingWrite write, ClientConnection connection)
    {
        bool isResend = write.Number != 0;
        if (!isResend)
        {
            write.Number = ++_last;
            write.FirstEpoch = connection.Position.Epoch;
            write.FirstRetention = connection.Session.Retention;
            _unanswered.AddLast(write.NumberPlace);
        }

        // Numbers are given in order, so the first that is unanswered is the least.
        ulong acknowledged = _unanswered.First!.Value.Number - 1;
        write.SetStamp(new WriteStamp(default, write.Number, acknowledged, isResend, _answeredIn != connection.Position.Epoch));
    }

    /// <summary>Notes that a write has ended, in whatever way: its outcome is known, or given up.</summary>
    /// <param name="write">The write.</param>
    public void End(PendingWrite write)
    {
        if (write.Number != 0)
        {
            _unanswered.Remove(write.NumberPlace);
        }
    }

    /// <summary>Takes the number of a write back that the server has refused, so that it is as if it had never been sent.</summary>
    /// <param name="write">The write, which was sent once.</param>
    public void Forget(PendingWrite write)
    {
        End(write);
        write.Number = 0;
    }

    /// <summary>Notes that a numbered write was executed: from now on, a session that is not known has been forgotten.</summary>
    /// <param name="epoch">The store's.</param>
    public void Answered(Guid epoch) => _answeredIn = epoch;
}
