namespace WsStorage.Outbox;

/// <summary>
/// The records between their acceptance and their delivery: numbers them, follows which are durable, in their order, and which
/// are delivered, and keeps the overlay that reads look into. Thread-safe.
/// </summary>
internal sealed class PendingRecords(LocalStore local, StorageLimits localLimits, OutboxOptions options)
{
    private readonly Lock _gate = new();
    private readonly Queue<Submission> _submitted = new();
    private readonly Queue<Waiting> _waiting = new();
    private readonly SequenceHolds _ceilings = new();
    private readonly SequenceHolds _floors = new();
    private readonly FlushWaiters _flushes = new();
    private TaskCompletionSource _more = NewSignal();
    private TaskCompletionSource? _settled;
    private StorageException? _refusal;
    private Overlay _overlay = Overlay.Empty;
    private RecordPoint _delivered;
    private StorageLimits? _limits;
    private int _reservedBytes;
    private ulong _submittedLast;
    private ulong _accepted;
    private long _bytes;
    private long _deliveredCount;

    /// <summary>What is pending now.</summary>
    public Overlay Overlay => Volatile.Read(ref _overlay);

    /// <summary>The last record that is delivered.</summary>
    public RecordPoint Delivered
    {
        get
        {
            lock (_gate)
            {
                return _delivered;
            }
        }
    }

    /// <summary>The last record that is durable here.</summary>
    public ulong Accepted
    {
        get
        {
            lock (_gate)
            {
                return _accepted;
            }
        }
    }

    /// <summary>How many records are pending, their bytes, when the oldest was accepted, and how many were delivered.</summary>
    public (int Depth, long Bytes, DateTimeOffset? Oldest, long Delivered) Measure()
    {
        lock (_gate)
        {
            long? oldest = _waiting.TryPeek(out Waiting first) ? first.AcceptedAt : null;
            DateTimeOffset? since = oldest is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;
            return (_waiting.Count + _submitted.Count, _bytes, since, _deliveredCount);
        }
    }

    /// <summary>Takes up what a local store holds. Before anything else.</summary>
    public async ValueTask LoadAsync(RecordPoint delivered, CancellationToken cancellationToken)
    {
        _delivered = delivered;
        _accepted = _submittedLast = delivered.Sequence;
        await foreach (IReadOnlyList<OutboxRecord> page in local.ScanAsync(delivered.Sequence, ulong.MaxValue, 1 << 20, cancellationToken).ConfigureAwait(false))
        {
            foreach (OutboxRecord record in page)
            {
                _waiting.Enqueue(new Waiting(record.Sequence, record.AcceptedAt, record.ByteCount));
                _bytes += record.ByteCount;
                _accepted = _submittedLast = record.Sequence;
            }

            try
            {
                _overlay = _overlay.With(page);
            }
            catch (FormatException malformed)
            {
                throw LocalStore.Malformed(page[0].Sequence, page[^1].Sequence, malformed);
            }
        }
    }

    /// <summary>The target has said what it takes.</summary>
    /// <param name="limits">Its limits.</param>
    /// <param name="reservedBytes">What a delivery adds to a record.</param>
    public void SetLimits(StorageLimits limits, int reservedBytes)
    {
        lock (_gate)
        {
            _limits = limits;
            _reservedBytes = reservedBytes;
        }
    }

    /// <summary>Numbers a write and hands it to the local store.</summary>
    /// <returns>Completes when it, and all before it, are durable.</returns>
    public Task SubmitAsync(WriteBatch batch, ulong link)
    {
        long now = options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        byte[] bytes = OutboxRecord.Pack(batch, link, now);
        Submission submission;
        Task<WriteResult> appended;
        lock (_gate)
        {
            CheckRoom(batch, bytes.Length);
            ulong sequence = _submittedLast + 1;

            // Under the lock, so that the local store commits in the order of the numbers; it does not wait for anything here.
            appended = local.AppendAsync(sequence, bytes);
            _submittedLast = sequence;
            submission = new Submission(OutboxRecord.Read(sequence, bytes));
            _submitted.Enqueue(submission);
            _bytes += bytes.Length;
        }

        _ = SettleAsync(submission, appended);
        return submission.Accepted;
    }

    /// <summary>Takes what is pending, and keeps its records in the local store until the hold is given back.</summary>
    /// <param name="holdsDelivery">Whether nothing that is accepted later may be delivered, either.</param>
    public ReadHold Hold(bool holdsDelivery)
    {
        lock (_gate)
        {
            ulong floor = _delivered.Sequence + 1;
            _floors.Add(floor);
            if (holdsDelivery)
            {
                _ceilings.Add(_accepted);
            }

            return new ReadHold(this, _overlay, floor, holdsDelivery ? _accepted : null);
        }
    }

    /// <summary>The last record that may be delivered now.</summary>
    public ulong Deliverable()
    {
        lock (_gate)
        {
            return Math.Min(_accepted, _ceilings.Least);
        }
    }

    /// <summary>Completes when records after one may be delivered, at once if they may already.</summary>
    public Task MoreAfterAsync(ulong sequence)
    {
        lock (_gate)
        {
            return Math.Min(_accepted, _ceilings.Least) > sequence ? Task.CompletedTask : _more.Task;
        }
    }

    /// <summary>Records up to one are delivered.</summary>
    /// <param name="last">The last of them.</param>
    /// <param name="records">The records, where they are at hand.</param>
    public void Acknowledge(RecordPoint last, IReadOnlyList<OutboxRecord>? records)
    {
        lock (_gate)
        {
            _delivered = last;
            while (_waiting.TryPeek(out Waiting first) && first.Sequence <= last.Sequence)
            {
                _waiting.Dequeue();
                _bytes -= first.ByteCount;
                _deliveredCount++;
            }

            Volatile.Write(ref _overlay, records is null ? _overlay.Without(last.Sequence) : _overlay.Without(records, last.Sequence));
            _flushes.Reach(last.Sequence);
        }
    }

    /// <summary>Records up to which may be removed from the local store.</summary>
    public ulong Trimmable()
    {
        lock (_gate)
        {
            return Math.Min(_delivered.Sequence, _floors.Least - 1);
        }
    }

    /// <summary>Completes when all that is accepted now is delivered.</summary>
    public Task FlushAsync()
    {
        lock (_gate)
        {
            return _delivered.Sequence >= _accepted ? Task.CompletedTask : _flushes.Add(_accepted);
        }
    }

    /// <summary>Nothing will be delivered any more: whoever waits for it is told.</summary>
    public void StopDelivery(StorageException reason)
    {
        lock (_gate)
        {
            _flushes.Fail(reason);
        }
    }

    /// <summary>Refuses every later write.</summary>
    /// <returns>Completes when the local store has answered all that were submitted.</returns>
    public Task CloseAsync(StorageException reason)
    {
        lock (_gate)
        {
            _refusal ??= reason;
            if (_submitted.Count == 0)
            {
                return Task.CompletedTask;
            }

            _settled = NewSignal();
            return _settled.Task;
        }
    }

    internal void Release(ulong floor, ulong? ceiling)
    {
        lock (_gate)
        {
            if (ceiling is { } held)
            {
                _ceilings.Remove(held);
                SignalMore();
            }
            else
            {
                _floors.Remove(floor);
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void SignalMore()
    {
        _more.SetResult();
        _more = NewSignal();
    }

    private void CheckRoom(WriteBatch batch, int bytes)
    {
        if (_refusal is not null)
        {
            throw new StorageException(_refusal.Code, _refusal.Message, WriteOutcome.NotApplied, _refusal);
        }

        if (_limits is not null)
        {
            _limits.Check(batch);
            if (batch.ByteCount > _limits.MaxBatchBytes - _reservedBytes)
            {
                throw new StorageException(
                    StorageErrorCode.BatchTooLarge,
                    $"The batch is {batch.ByteCount} bytes long; the target takes at most {_limits.MaxBatchBytes}, and delivery needs {_reservedBytes} of them. Write it in parts, or raise the limit where the target is opened.");
            }
        }

        if (bytes > localLimits.MaxValueBytes)
        {
            throw new StorageException(
                StorageErrorCode.BatchTooLarge,
                $"The batch takes {bytes} bytes as a record of the outbox, whose local store takes values of at most {localLimits.MaxValueBytes}. Write it in parts, or raise the limit where the local store is opened.");
        }

        if (bytes > options.MaxBytes - _bytes)
        {
            throw new StorageException(
                StorageErrorCode.LimitExceeded,
                $"The outbox is full: {_waiting.Count + _submitted.Count} records of {_bytes} bytes wait for their delivery, and one of {bytes} bytes is too much for {nameof(OutboxOptions.MaxBytes)}, {options.MaxBytes}. See {nameof(OutboxStorage.Status)} for what holds delivery up, or raise the limit.");
        }
    }

    private async Task SettleAsync(Submission submission, Task<WriteResult> appended)
    {
        await ((Task)appended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            submission.Settle(appended);
            if (_submitted.TryPeek(out Submission? first) && first == submission)
            {
                AcceptSettled();
            }
        }
    }

    /// <summary>Accepts what is durable, in order, up to the first that is not.</summary>
    private void AcceptSettled()
    {
        List<OutboxRecord> accepted = [];
        List<Submission> ended = [];
        while (_submitted.TryPeek(out Submission? first) && first.IsSettled)
        {
            _submitted.Dequeue();
            ended.Add(first);
            if (first.Failure is { } failure)
            {
                _bytes -= first.Record.ByteCount;
                _refusal ??= failure.Outcome == WriteOutcome.NotApplied ? null : Broken(failure);
            }
            else if (_refusal is { Outcome: WriteOutcome.Unknown })
            {
                // Whether the one before it is kept is not known, so nor is what comes next in the order.
                first.Fail(_refusal);
                _bytes -= first.Record.ByteCount;
            }
            else
            {
                accepted.Add(first.Record);
                _waiting.Enqueue(new Waiting(first.Record.Sequence, first.Record.AcceptedAt, first.Record.ByteCount));
                _accepted = first.Record.Sequence;
            }
        }

        if (_submitted.Count == 0 && _refusal is null)
        {
            // Numbers that came to nothing are given again: a producer that awaits each write counts its batches by them.
            _submittedLast = _accepted;
        }

        if (accepted.Count > 0)
        {
            Volatile.Write(ref _overlay, _overlay.With(accepted));
            SignalMore();
        }

        ended.ForEach(submission => submission.Complete());
        if (_submitted.Count == 0)
        {
            _settled?.TrySetResult();
        }
    }

    private static StorageException Broken(StorageException failure) => new(
        failure.Code,
        $"The local store of the outbox failed, and whether it kept a record is not known. Open the store and the outbox again. The store said: {failure.Message}",
        WriteOutcome.Unknown,
        failure);

    private readonly record struct Waiting(ulong Sequence, long AcceptedAt, int ByteCount);
}
