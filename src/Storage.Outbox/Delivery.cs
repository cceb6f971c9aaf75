using Microsoft.Extensions.Logging;

namespace WsStorage.Outbox;

/// <summary>
/// Brings records to the target, in order and each once: reads the marker, goes on after it, and keeps some batches under way. After
/// any failure it lets those that are under way end, and reads the marker anew.
/// </summary>
internal sealed class Delivery
{
    // How much is delivered before it is noted and removed in the local store.
    private const int TrimRecords = 1024;
    private const long TrimBytes = 8 << 20;

    private readonly IStorage _target;
    private readonly LocalStore _local;
    private readonly PendingRecords _pending;
    private readonly OutboxOptions _options;
    private readonly DeliveryReader _reader;
    private readonly ConflictResolver _resolver;
    private readonly DeliveryState _state;
    private readonly Backoff _backoff;
    private readonly ILogger _logger;
    private readonly byte[] _markerKey;
    private readonly Queue<(DeliveryBatch Batch, Task<WriteResult> Answer)> _inFlight = new();
    private bool _hasMarker;
    private bool _isMarkerNoted;
    private ulong _trimmed;
    private ulong _noted;
    private long _unnotedBytes;

    public Delivery(IStorage target, LocalStore local, PendingRecords pending, OutboxFacts facts, DeliveryState state, OutboxOptions options)
    {
        _target = target;
        _local = local;
        _pending = pending;
        _options = options;
        _state = state;
        _hasMarker = facts.HasMarker;
        _isMarkerNoted = facts.HasMarker;
        _noted = facts.Delivered.Sequence;
        _markerKey = Marker.KeyOf(facts.Id);
        _reader = new DeliveryReader(local, pending, options, _markerKey);
        _resolver = new ConflictResolver(target, options);
        _backoff = new Backoff(options.RetryBaseDelay, options.RetryMaxDelay);
        _logger = options.LoggerFactory.CreateLogger<OutboxStorage>();
    }

    /// <summary>Delivers until it is told to stop, or can't go on.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                RecordPoint before = _pending.Delivered;
                await SynchronizeAsync(stop).ConfigureAwait(false);
                _state.Succeed();
                await DeliverAsync(stop).ConfigureAwait(false);
                await RetryAsync(_pending.Delivered == before ? _state.Problem : null, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (DeliveryStoppedException stopped)
            {
                Stop(stopped.Reason);
                return;
            }
            catch (StorageException failure)
            {
                await RetryAsync($"{failure.Code}: {failure.Message}", stop).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Whatever it is, it must be seen in the status and not end unseen with this task.
            catch (Exception defect)
#pragma warning restore CA1031
            {
                Stop(new StorageException(StorageErrorCode.Internal, $"Delivery met what it does not know, and has stopped: {defect.Message}", innerException: defect));
                return;
            }
        }
    }

    /// <summary>Notes how far the outbox is delivered. When nothing else runs.</summary>
    public async ValueTask NoteAsync()
    {
        try
        {
            if (_pending.Delivered.Sequence > _noted)
            {
                await TrimAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (StorageException failure)
        {
            // Only a hint is lost: the marker at the target says the same when the outbox is opened again.
            Log.NotNoted(_logger, failure.Message);
        }
    }

    /// <summary>Reads the marker, and drops what it says was delivered.</summary>
    private async ValueTask SynchronizeAsync(CancellationToken stop)
    {
        byte[]? value = (await _target.GetAsync(_markerKey, stop).ConfigureAwait(false)).Value;
        RecordPoint known = _pending.Delivered;
        if (value is null)
        {
            if (_hasMarker)
            {
                throw Foreign("is gone, although records were delivered. Was the target restored from a backup, emptied, or replaced?");
            }

            _reader.Seek(known.Sequence, marker: null);
        }
        else
        {
            RecordPoint marker = await IdentifyAsync(value, known, stop).ConfigureAwait(false);
            _hasMarker = true;
            if (marker.Sequence > known.Sequence)
            {
                _pending.Acknowledge(marker, records: null);
                _backoff.Reset();
            }

            _reader.Seek(marker.Sequence, value);
        }

        if (_reader.Limits is null)
        {
            StorageInfo info = await _target.GetInfoAsync(stop).ConfigureAwait(false);
            _reader.Limits = info.Limits;
            _pending.SetLimits(info.Limits, _reader.MarkerBytes);
        }
    }

    /// <summary>Makes sure that a marker is one that this outbox has written.</summary>
    private async ValueTask<RecordPoint> IdentifyAsync(byte[] value, RecordPoint known, CancellationToken stop)
    {
        if (Marker.Read(value) is { } marker)
        {
            if (_hasMarker && marker == known)
            {
                return marker;
            }

            if (marker.Sequence > known.Sequence
                && await _local.ReadAsync(marker.Sequence, stop).ConfigureAwait(false) is { } record
                && record.Point == marker)
            {
                return marker;
            }

            if (marker.Sequence < known.Sequence)
            {
                throw Foreign("is older than what was delivered. Was the target restored from a backup, or replaced?");
            }
        }

        throw Foreign("was not written by this outbox. Is its local store a copy of another one's?");
    }

    private static DeliveryStoppedException Foreign(string what) => new(new StorageException(
        StorageErrorCode.Diverged,
        $"Delivery has stopped: the outbox's marker at the target {what} Nothing was delivered and nothing is lost. Give each outbox a local store of its own; to deliver what waits here under a new id, open it with {nameof(OutboxOptions.NewIdentity)}."));

    /// <summary>Delivers until something fails.</summary>
    private async Task DeliverAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await FillAsync(stop).ConfigureAwait(false);
                if (_inFlight.Count == 0)
                {
                    await _pending.MoreAfterAsync(_reader.Cursor).WaitAsync(stop).ConfigureAwait(false);
                    continue;
                }

                Task<WriteResult> oldest = _inFlight.Peek().Answer;
                if (_inFlight.Count < _options.MaxBatchesInFlight)
                {
                    await Task.WhenAny(oldest, _pending.MoreAfterAsync(_reader.Cursor)).ConfigureAwait(false);
                    if (!oldest.IsCompleted)
                    {
                        continue;
                    }
                }

                if (!await TakeAnswerAsync(_inFlight.Dequeue(), stop).ConfigureAwait(false))
                {
                    return;
                }
            }
        }
        finally
        {
            await DrainAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask FillAsync(CancellationToken stop)
    {
        while (_inFlight.Count < _options.MaxBatchesInFlight
            && await _reader.ReadAsync(stop).ConfigureAwait(false) is { } batch)
        {
            _inFlight.Enqueue((batch, WriteAsync(batch.Write, stop)));
        }
    }

    /// <summary>Writes to the target; what it throws within the call, a refusal perhaps, is the answer too.</summary>
    private async Task<WriteResult> WriteAsync(WriteBatch batch, CancellationToken stop) =>
        await _target.WriteAsync(batch, stop).ConfigureAwait(false);

    /// <summary>Deals with the answer to the oldest batch.</summary>
    /// <returns>Whether delivery goes on; else the marker is to be read.</returns>
    private async ValueTask<bool> TakeAnswerAsync((DeliveryBatch Batch, Task<WriteResult> Answer) delivered, CancellationToken stop)
    {
        (DeliveryBatch batch, Task<WriteResult> answer) = delivered;
        OutboxRecord first = batch.Records[0];
        try
        {
            WriteResult result = await answer.ConfigureAwait(false);
            if (result.Applied)
            {
                await AcknowledgeAsync(batch, stop).ConfigureAwait(false);
                return true;
            }

            await DrainAsync().ConfigureAwait(false);
            if (result.FailedPrecondition == 0)
            {
                _state.Fail("The marker at the target was not as expected; it is read again.");
                return false;
            }

            await DecideAsync(first, result.FailedPrecondition - 1, error: null, stop).ConfigureAwait(false);
        }
        catch (StorageException refusal) when (!answer.IsCompletedSuccessfully && ConflictResolver.IsRefusal(refusal))
        {
            await DrainAsync().ConfigureAwait(false);
            if (batch.Records.Count > 1)
            {
                _reader.AloneThrough = batch.Last.Sequence;
            }
            else
            {
                await DecideAsync(first, failedPrecondition: -1, refusal, stop).ConfigureAwait(false);
            }
        }

        return false;
    }

    private async ValueTask DecideAsync(OutboxRecord record, int failedPrecondition, StorageException? error, CancellationToken stop)
    {
        WriteBatch decided = await _resolver.ResolveAsync(record, failedPrecondition, error, stop).ConfigureAwait(false);
        _state.CountConflict();
        Log.Decided(_logger, record.Sequence, error is null ? "a precondition failed" : error.Message);
        _reader.Decided = (record.Sequence, decided);
        if (_resolver.Attempt > 1)
        {
            _state.Fail($"Record {record.Sequence} was decided on {_resolver.Attempt} times, and the target does not take it. {error?.Message}");
        }
    }

    private ValueTask AcknowledgeAsync(DeliveryBatch batch, CancellationToken stop)
    {
        _hasMarker = true;
        _pending.Acknowledge(batch.Last, batch.Records);
        _backoff.Reset();
        _unnotedBytes += batch.Records.Sum(record => (long)record.ByteCount);

        // What is not noted counts as pending after a kill, and must leave room for writes.
        bool isDue = batch.Last.Sequence - _noted >= TrimRecords || _unnotedBytes >= Math.Min(TrimBytes, _options.MaxBytes / 4);

        // The first marker is noted at once: from then on a target without it is another one, or one that has lost it.
        return isDue || !_isMarkerNoted ? TrimAsync(stop) : ValueTask.CompletedTask;
    }

    private async ValueTask TrimAsync(CancellationToken cancellationToken)
    {
        RecordPoint delivered = _pending.Delivered;
        ulong through = _pending.Trimmable();
        await _local.TrimAsync(delivered, _trimmed, through, cancellationToken).ConfigureAwait(false);
        _trimmed = Math.Max(_trimmed, through);
        _noted = delivered.Sequence;
        _unnotedBytes = 0;
        _isMarkerNoted = true;
    }

    /// <summary>Lets all that is under way end. What became of it is said by the marker.</summary>
    private async Task DrainAsync()
    {
        while (_inFlight.TryDequeue(out (DeliveryBatch Batch, Task<WriteResult> Answer) next))
        {
            await ((Task)next.Answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async ValueTask RetryAsync(string? problem, CancellationToken stop)
    {
        if (problem is not null && !stop.IsCancellationRequested)
        {
            TimeSpan delay = _backoff.Next();
            _state.Fail(problem);
            Log.Retrying(_logger, delay, problem);
            await Task.Delay(delay, _options.TimeProvider, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Stop(StorageException reason)
    {
        _state.Stop(reason.Message);
        _pending.StopDelivery(reason);
        Log.Stopped(_logger, reason.Message);
    }
}
