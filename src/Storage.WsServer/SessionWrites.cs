using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>
/// The writes of a session: gathered as they arrive, handed to the storage together and in order, answered together when
/// they are durable. Adding and submitting is the session loop's; completion may be on any thread.
/// </summary>
internal sealed class SessionWrites
{
    private readonly MessageOutbox _outbox;
    private readonly SessionContext _context;
    private readonly SessionLoad _load;
    private readonly IBatchStorage? _batches;
    private readonly UnbatchedWrites _unbatched;
    private readonly bool _appliesOnce;
    private readonly SharedPool<WriteGroup> _groups;
    private WriteGroup? _gathering;

    public SessionWrites(MessageOutbox outbox, SessionContext context, SessionLoad load)
    {
        _outbox = outbox;
        _context = context;
        _load = load;
        _batches = context.Storage as IBatchStorage;
        _unbatched = new UnbatchedWrites(context.Storage);
        _appliesOnce = context.Storage is IExactlyOnceStorage;
        _groups = context.Served.WriteGroups;
    }

    public int Count => _gathering?.Count ?? 0;

    public bool IsFull => _gathering is { } group && (group.IsFull || group.ByteCount >= _context.Options.MaxBytesInFlight);

    private WriteGroup Gathering => _gathering ??= _groups.Rent();

    /// <summary>Adds a write.</summary>
    /// <param name="body">The body of its message; copied.</param>
    /// <param name="id">Its id.</param>
    public void Add(ReadOnlySpan<byte> body, Protocol.RequestId id)
    {
        WriteGroup group = Gathering;
        WriteBatch batch = group.Next;
        WriteRequest.Read(body, batch);
        _context.StorageLimits.Check(batch);
        group.Add(id);
    }

    /// <summary>Adds a write that is applied once, however often it is sent. It keeps its place among the others.</summary>
    /// <param name="body">The body of its message; copied.</param>
    /// <param name="id">Its id.</param>
    public void AddNumbered(ReadOnlySpan<byte> body, Protocol.RequestId id)
    {
        if (!_appliesOnce)
        {
            throw new StorageException(
                StorageErrorCode.Unsupported, "The store behind this server keeps no record of numbered writes. Send plain writes.");
        }

        if (_context.SessionKey is not { } session)
        {
            throw new StorageException(
                StorageErrorCode.Unsupported, "The client's hello gave no client id, so its writes can't be numbered. Say hello with one, or send plain writes.");
        }

        WriteGroup group = Gathering;
        WriteBatch batch = group.Next;
        NumberedWriteRequest.Read(body, session, batch);
        _context.StorageLimits.Check(batch);
        group.Add(id);
    }

    /// <summary>Hands what was added to the storage.</summary>
    public void Submit()
    {
        if (_gathering is not { Count: > 0 } group)
        {
            return;
        }

        _gathering = null;
        _load.Begin(group.Count, group.ByteCount);
        _ = CommitAsync(group);
    }

    private async Task CommitAsync(WriteGroup group)
    {
        try
        {
            if (_batches is not null)
            {
                await _batches.WriteManyAsync(group.Batches, group.Results, CancellationToken.None).ConfigureAwait(false);
            }
            else
            {
                await _unbatched.WriteManyAsync(group).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            group.FailAll(exception);
        }

        int count = group.Count;
        _load.Answer(count);
        var replies = new ReplyWriter { Outbox = _outbox };
        group.AppendReplies(replies, _context);
        replies.Flush();
        long bytes = group.ByteCount;
        group.Clear();
        _groups.Return(group);
        _load.End(count, bytes);
    }
}
