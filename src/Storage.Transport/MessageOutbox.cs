using System.Diagnostics.CodeAnalysis;
using WsStorage.Protocol;

namespace WsStorage.Transport;

/// <summary>
/// What one side has to say, sent by one loop. The one place where messages are batched for sending: while a send is under
/// way whatever is posted gathers, and goes out together with the next. No timer: a flush happens when there is nothing
/// more to add. Thread-safe.
/// </summary>
public sealed class MessageOutbox : IThreadPoolWorkItem
{
    private readonly IMessageTransport _transport;
    private readonly long _maxQueuedBytes;
    private readonly Action<Exception> _onLost;
    private readonly Lock _gate = new();
    private readonly Queue<PackBuffer> _queue = new();
    private readonly SparePacks _spare;
    private readonly Waiters _roomWaiters = new();
    private PackBuffer? _tail;
    private TaskCompletionSource? _drained;
    private bool _sending;
    private bool _stopped;
    private long _queuedBytes;
    private long _sentCount;

    /// <summary>Gathers and sends messages.</summary>
    /// <param name="transport">Carries them; not owned.</param>
    /// <param name="packType">The type of this side's packs.</param>
    /// <param name="maxQueuedBytes">How many bytes may wait before <see cref="WaitForRoomAsync"/> waits.</param>
    /// <param name="onLost">Called once, with why, when sending fails. Must not throw.</param>
    public MessageOutbox(
        IMessageTransport transport, MessageType packType, long maxQueuedBytes, Action<Exception> onLost)
    {
        _transport = transport;
        _spare = new SparePacks(packType);
        _maxQueuedBytes = maxQueuedBytes;
        _onLost = onLost;
    }

    /// <summary>Whether the peer takes packs. Until it has said so, messages go one by one.</summary>
    public bool PeerAcceptsPacks { get; set; }

    /// <summary>Whether the peer takes repeats in packs.</summary>
    public bool PeerAcceptsRepeats { get; set; }

    /// <summary>Whether more waits than may.</summary>
    public bool IsFull => Volatile.Read(ref _queuedBytes) >= _maxQueuedBytes;

    /// <summary>How often something was sent: whether the peer takes anything shows by its growth.</summary>
    public long SentCount => Volatile.Read(ref _sentCount);

    /// <summary>Adds one message and starts sending.</summary>
    /// <typeparam name="TMessage">Its type.</typeparam>
    /// <param name="message">The message; copied.</param>
    /// <param name="id">Its id.</param>
    /// <param name="alone">Whether nothing will follow soon: then it is sent by the calling thread, which saves the change
    /// of threads. Otherwise a thread of the pool sends, and what follows goes along.</param>
    public void Post<TMessage>(in TMessage message, RequestId id, bool alone = false)
        where TMessage : IMessage, allows ref struct
    {
        if (Enqueue(message, id))
        {
            Start(alone);
        }
    }

    /// <summary>
    /// Adds one message whose body is written already, without sending it: for a caller that holds a lock, and calls
    /// <see cref="Start"/> when it does no longer.
    /// </summary>
    /// <param name="type">Its type.</param>
    /// <param name="body">Its body; copied.</param>
    /// <param name="id">Its id.</param>
    /// <returns>Whether <see cref="Start"/> has to be called.</returns>
    public bool Enqueue(MessageType type, ReadOnlySpan<byte> body, RequestId id)
    {
        lock (_gate)
        {
            if (_stopped)
            {
                return false;
            }

            PackBuffer tail = GetTail(body.Length);
            int before = tail.ByteCount;
            tail.Append(type, body, id);
            return AfterAppend(tail.ByteCount - before);
        }
    }

    /// <summary>Adds one message without sending it, for a caller that calls <see cref="Start"/> soon: when it holds no lock any
    /// more, or has no more to add.</summary>
    /// <typeparam name="TMessage">Its type.</typeparam>
    /// <param name="message">The message; copied.</param>
    /// <param name="id">Its id.</param>
    /// <returns>Whether <see cref="Start"/> has to be called; what others post waits for it too.</returns>
    public bool Enqueue<TMessage>(in TMessage message, RequestId id)
        where TMessage : IMessage, allows ref struct
    {
        lock (_gate)
        {
            if (_stopped)
            {
                return false;
            }

            PackBuffer tail = GetTail(message.BodyLength);
            int before = tail.ByteCount;
            tail.Append(message, id);
            return AfterAppend(tail.ByteCount - before);
        }
    }

    /// <summary>Adds one message that nobody answers, and that may go out under other ids too: to a peer that takes repeats it is
    /// sent once in a pack. Otherwise as <see cref="Enqueue{TMessage}(in TMessage, RequestId)"/>.</summary>
    /// <typeparam name="TMessage">Its type.</typeparam>
    /// <param name="message">The message; copied.</param>
    /// <param name="id">Its id.</param>
    /// <returns>Whether <see cref="Start"/> has to be called.</returns>
    public bool EnqueueShared<TMessage>(in TMessage message, RequestId id)
        where TMessage : IRepeatableMessage, allows ref struct
    {
        lock (_gate)
        {
            if (_stopped)
            {
                return false;
            }

            int before = _tail?.ByteCount ?? 0;
            if (PeerAcceptsRepeats && _tail?.TryRepeat(message, id) == true)
            {
                return AfterAppend(_tail.ByteCount - before);
            }

            PackBuffer tail = GetTail(message.BodyLength, isAnswered: false);
            before = tail.ByteCount;
            if (PeerAcceptsRepeats)
            {
                tail.AppendRepeatable(message, id);
            }
            else
            {
                tail.Append(message, id);
            }

            return AfterAppend(tail.ByteCount - before);
        }
    }

    /// <summary>Starts to send, after an <c>Enqueue</c> has said that this is due.</summary>
    /// <param name="alone">As for <see cref="Post{TMessage}"/>.</param>
    public void Start(bool alone)
    {
        if (alone)
        {
            _ = SendAsync(handOver: true);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Gives an empty buffer to fill off the lock.</summary>
    /// <returns>The buffer: give it to <see cref="Post(PackBuffer, bool)"/>.</returns>
    public PackBuffer RentPack()
    {
        lock (_gate)
        {
            return _spare.Rent();
        }
    }

    /// <summary>Adds the messages of a buffer and starts sending.</summary>
    /// <param name="pack">From <see cref="RentPack"/>; owned by the outbox from here on. May be empty.</param>
    /// <param name="alone">As for <see cref="Post{TMessage}"/>.</param>
    public void Post(PackBuffer pack, bool alone = false)
    {
        bool start = false;
        lock (_gate)
        {
            if (_stopped || pack.IsEmpty)
            {
                Recycle(pack);
                return;
            }

            int bytes = pack.ByteCount;
            if (_tail is { } tail && tail.HasRoomFor(pack))
            {
                tail.Append(pack);
                Recycle(pack);
            }
            else
            {
                _queue.Enqueue(pack);
                _tail = pack;
            }

            start = AfterAppend(bytes);
        }

        if (start)
        {
            Start(alone);
        }
    }

    /// <summary>Waits until less waits than may.</summary>
    /// <returns>Completes when there is room, or when nothing will be sent any more.</returns>
    public ValueTask WaitForRoomAsync()
    {
        lock (_gate)
        {
            if (_stopped || _queuedBytes < _maxQueuedBytes)
            {
                return default;
            }

            return new ValueTask(_roomWaiters.AddAsync());
        }
    }

    /// <summary>Waits until all that was posted has been sent.</summary>
    /// <returns>Completes then, or when nothing will be sent any more.</returns>
    public Task DrainAsync()
    {
        lock (_gate)
        {
            if (_stopped || !_sending)
            {
                return Task.CompletedTask;
            }

            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }

    /// <summary>Forgets what waits, and all that is posted from here on.</summary>
    public void Stop()
    {
        TaskCompletionSource? drained;
        TaskCompletionSource[] waiters;
        lock (_gate)
        {
            if (_stopped)
            {
                return;
            }

            _stopped = true;
            _tail = null;
            _queuedBytes = 0;
            while (_queue.TryDequeue(out PackBuffer? pack))
            {
                pack.Dispose();
            }

            _spare.Release();
            drained = _drained;
            waiters = _roomWaiters.TakeAll();
        }

        drained?.TrySetResult();
        Waiters.Release(waiters);
    }

    /// <summary>Runs the loop on a thread of the pool.</summary>
    void IThreadPoolWorkItem.Execute() => _ = SendAsync(handOver: false);

    private bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _queue.Count == 0;
            }
        }
    }

    /// <summary>Sends until nothing waits. Never throws: a loss is told to the owner.</summary>
    private async Task SendAsync(bool handOver)
    {
        try
        {
            while (TryTake(out PackBuffer? pack))
            {
                await SendAsync(pack).ConfigureAwait(false);
                AfterSend(pack);
                if (handOver && !IsIdle)
                {
                    // The calling thread has work of its own: what others have added meanwhile is for the pool.
                    ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                    return;
                }
            }
        }
        catch (Exception exception)
        {
            Stop();
            _onLost(exception);
        }
    }

    private async ValueTask SendAsync(PackBuffer pack)
    {
        if (PeerAcceptsPacks || pack.Count == 1)
        {
            await _transport.SendAsync(pack.ToMessage()).ConfigureAwait(false);
            return;
        }

        foreach (ReadOnlyMemory<byte> message in pack.GetMessages())
        {
            await _transport.SendAsync(message).ConfigureAwait(false);
        }
    }

    private PackBuffer GetTail(int bodyLength, bool isAnswered = true)
    {
        if (_tail is { } tail && (isAnswered ? tail.HasRoomFor(bodyLength) : tail.HasBytesFor(bodyLength)))
        {
            return tail;
        }

        tail = _spare.Rent();
        _queue.Enqueue(tail);
        _tail = tail;
        return tail;
    }

    private bool AfterAppend(int bytes)
    {
        _queuedBytes += bytes;
        bool start = !_sending;
        _sending = true;
        return start;
    }

    /// <summary>Takes what is next; if nothing is, the loop is at rest, and whoever posts next starts it.</summary>
    private bool TryTake([NotNullWhen(true)] out PackBuffer? pack)
    {
        TaskCompletionSource? drained;
        lock (_gate)
        {
            if (_queue.TryDequeue(out pack))
            {
                if (ReferenceEquals(pack, _tail))
                {
                    _tail = null;
                }

                return true;
            }

            // At rest nothing is held.
            _spare.Release();
            _sending = false;
            drained = _drained;
            _drained = null;
        }

        drained?.TrySetResult();
        return false;
    }

    private void AfterSend(PackBuffer pack)
    {
        TaskCompletionSource[] waiters = [];
        lock (_gate)
        {
            _queuedBytes -= pack.ByteCount;
            _sentCount++;
            Recycle(pack);
            if (_roomWaiters.Count > 0 && _queuedBytes <= _maxQueuedBytes / 2)
            {
                waiters = _roomWaiters.TakeAll();
            }
        }

        Waiters.Release(waiters);
    }

    private void Recycle(PackBuffer pack)
    {
        if (_sending && !_stopped)
        {
            _spare.Return(pack);
        }
        else
        {
            pack.Dispose();
        }
    }
}
