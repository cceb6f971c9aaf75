using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>
/// The writes of a session: gathered as they arrive, handed to the storage together and in order, answered together when
/// they are durable. Adding and submitting is the session loop's; completion may be on any thread.
/// </summary>
internal sealed class SessionWrites
{
    private readonly int _capacity;
    private readonly MessageOutbox _outbox;
    private readonly SessionContext _context;
    private readonly SessionLoad _load;
    private readonly IBatchStorage? _batches;
    private readonly UnbatchedWrites _unbatched;
    private readonly bool _appliesOnce;
    private readonly Stack<WriteGroup> _spare = new();
    private WriteGroup _gathering;

    public SessionWrites(int capacity, MessageOutbox outbox, SessionContext context, SessionLoad load)
    {
        _capacity = capacity;
        _outbox = outbox;
        _context = context;
        _load = load;
        _batches = context.Storage as IBatchStorage;
        _unbatched = new UnbatchedWrites(context.Storage);
        _appliesOnce = context.Storage is IExactlyOnceStorage;
        _gathering = new WriteGroup(capacity);
    }

    public int Count => _gathering.Count;

    public bool IsFull => _gathering.Count == _capacity || _gathering.ByteCount >= _context.Options.MaxBytesInFlight;

    /// <summary>Adds a write.</summary>
    /// <param name="body">The body of its message; copied.</param>
    /// <param name="id">Its id.</param>
    public void Add(ReadOnlySpan<byte> body, Protocol.RequestId id)
    {
        WriteBatch batch = _gathering.Next;
        WriteRequest.Read(body, batch);
        _context.StorageLimits.Check(batch);
        _gathering.Add(id);
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

        WriteBatch batch = _gathering.Next;
        NumberedWriteRequest.Read(body, session, batch);
        _context.StorageLimits.Check(batch);
        _gathering.Add(id);
    }

    /// <summary>Hands what was added to the storage.</summary>
    public void Submit()
    {
        WriteGroup group = _gathering;
        if (group.Count == 0)
        {
            return;
        }

        lock (_spare)
        {
            _gathering = _spare.Count > 0 ? _spare.Pop() : new WriteGroup(_capacity);
        }

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
        var replies = new ReplyWriter(_outbox);
        group.AppendReplies(replies, _context);
        replies.Flush();
        long bytes = group.ByteCount;
        group.Clear();
        lock (_spare)
        {
            _spare.Push(group);
        }

        _load.End(count, bytes);
    }
}
