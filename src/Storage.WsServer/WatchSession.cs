using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>
/// One open watch of a client: sends batches while it has credit, and marks. Without credit it stops asking the storage, which
/// costs nobody anything: one event is held, and the storage reads on from its log later. Has no timer and no thread; what is
/// there at once goes into one pack.
/// </summary>
internal sealed class WatchSession : OpenStream
{
    // As much as is worth a send of its own: from then on one is under way while more is gathered. And as much as it tells
    // before it is another watch's turn, so that what both tell comes into one pack, where it is sent once.
    private const int TurnBytes = 16 * 1024;

    private readonly Lock _gate = new();
    private readonly WatchOptions _options;
    private readonly MessageOutbox _outbox;
    private readonly SlowReaderGuard _slowReader;
    private readonly OwedInvalidations _owed;
    private readonly SessionLoad _watches;
    private readonly SessionContext _context;
    private bool _hasToStart;
    private int _gathered;
    private bool _begun;
    private bool _ended;
    private bool _owesInvalidation;

    public WatchSession(
        WatchRequest request,
        RequestId id,
        MessageOutbox outbox,
        SlowReaderGuard slowReader,
        OwedInvalidations owed,
        SessionLoad watches,
        SessionContext context)
        : base(id, request.Credit)
    {
        _options = request.Options;
        _outbox = outbox;
        _slowReader = slowReader;
        _owed = owed;
        _watches = watches;
        _context = context;
    }

    public override async Task SendAsync()
    {
        try
        {
            await SendEventsAsync().ConfigureAwait(false);
        }
        finally
        {
            Flush();
            lock (_gate)
            {
                _ended = true;
            }
        }
    }

    /// <summary>
    /// Tells the client to read ranges again, if it watches any of them. Never waits: when too much waits for the client already,
    /// it will be told to read everything again as soon as less does.
    /// </summary>
    /// <param name="ranges">The ranges.</param>
    /// <returns>Whether it is told.</returns>
    public bool Invalidate(InvalidatedRanges ranges)
    {
        IReadOnlyList<KeyRange> own = ranges.Within(_options.Range);
        if (own.Count == 0)
        {
            return false;
        }

        lock (_gate)
        {
            if (_ended)
            {
                return false;
            }

            if (_owesInvalidation)
            {
                return true;
            }

            if (_begun && !_outbox.IsFull)
            {
                PostInvalidation(own);
                return true;
            }

            _owesInvalidation = true;
            if (!_begun)
            {
                // The first thing that a client hears of a watch is where it begins.
                return true;
            }
        }

        _owed.Add(this);
        return true;
    }

    /// <summary>Tells the client to read everything again, if it still has to be told.</summary>
    public void PayInvalidation()
    {
        lock (_gate)
        {
            if (_owesInvalidation && !_ended)
            {
                PostInvalidation(InvalidatedRanges.Everything);
            }

            _owesInvalidation = false;
        }
    }

    private static WatchBatchMessage ToMessage(in WatchEvent batch) =>
        new(batch.Position, batch.CommitTime, batch.PackedOperations.Span, batch.PackedPrevious.Span);

    private async Task SendEventsAsync()
    {
        IAsyncEnumerator<WatchEvent> events = _context.Storage.WatchAsync(_options, Cancelled).GetAsyncEnumerator(Cancelled);
        await using (events.ConfigureAwait(false))
        {
            while (true)
            {
                ValueTask<bool> next = events.MoveNextAsync();
                if (!next.IsCompleted)
                {
                    Flush();
                }

                if (!await next.ConfigureAwait(false))
                {
                    throw new InvalidOperationException("The storage ended a watch without a reason.");
                }

                await SendAsync(events.Current).ConfigureAwait(false);
                if (_gathered >= TurnBytes)
                {
                    Flush(goesOn: true);
                    await Task.Yield();
                }
            }
        }
    }

    private ValueTask SendAsync(in WatchEvent next)
    {
        if (next.Kind == WatchEventKind.Invalidation)
        {
            // Of a storage that is remote itself.
            Flush();
            Invalidate(InvalidatedRanges.Of(next.InvalidatedRanges));
            return default;
        }

        bool isBatch = next.Kind == WatchEventKind.Changes;
        if (isBatch)
        {
            CheckLength(next);
        }

        if (_outbox.IsFull || (isBatch && !HasCredit))
        {
            return WaitAndSendAsync(next, isBatch);
        }

        Append(next, isBatch);
        return default;
    }

    private async ValueTask WaitAndSendAsync(WatchEvent next, bool isBatch)
    {
        Flush();
        if (isBatch)
        {
            await WaitForCreditAsync().WaitAsync(Cancelled).ConfigureAwait(false);
        }

        // Many watches of a client may wait for the same room: each looks again.
        while (_outbox.IsFull)
        {
            await _slowReader.WaitForRoomAsync().ConfigureAwait(false);
        }

        Append(next, isBatch);
    }

    private void CheckLength(in WatchEvent batch)
    {
        int atMost = batch.PackedOperations.Length + batch.PackedPrevious.Length + WatchBatchMessage.MaxHeadBytes;
        if (atMost > _context.MaxReplyBytes && ToMessage(batch).BodyLength is var length && length > _context.MaxReplyBytes)
        {
            throw new StorageException(
                StorageErrorCode.ResultTooLarge,
                $"The changes of revision {batch.Revision} take {length} bytes; the client takes messages of at most {_context.PeerMaxMessageBytes}. Watch fewer keys, or keys only, or let the client take larger messages.");
        }
    }

    /// <summary>Copies the event: it is valid only until the watch moves on.</summary>
    private void Append(in WatchEvent next, bool isBatch)
    {
        if (isBatch)
        {
            int bytes = next.PackedOperations.Length + next.PackedPrevious.Length;
            _hasToStart |= _outbox.EnqueueShared(ToMessage(next), Id);
            Spend(bytes);
            _gathered += bytes;
        }
        else
        {
            _hasToStart |= _outbox.Enqueue(new WatchMarkMessage(next.Position), Id);
        }

        if (!_begun)
        {
            Begin();
        }
    }

    /// <summary>Sends what was gathered: at once, unless more will follow soon, of this watch or of others.</summary>
    /// <param name="goesOn">Whether more of this watch follows.</param>
    private void Flush(bool goesOn = false)
    {
        _gathered = 0;
        if (_hasToStart)
        {
            _hasToStart = false;
            _outbox.Start(alone: !goesOn && _watches.InFlight <= 1);
        }
    }

    /// <summary>The client is told where the watch begins, so from here on it can be told other things.</summary>
    private void Begin()
    {
        Flush();
        lock (_gate)
        {
            _begun = true;
        }

        PayInvalidation();
    }

    private void PostInvalidation(IReadOnlyList<KeyRange> ranges)
    {
        var message = new WatchInvalidationMessage(ranges);
        if (ranges.Count > InvalidateRequest.MaxRanges || message.BodyLength > Math.Min(InvalidatedRanges.MaxBytes, _context.MaxReplyBytes))
        {
            message = new WatchInvalidationMessage(InvalidatedRanges.Everything);
        }

        _outbox.Post(message, Id);
    }
}
