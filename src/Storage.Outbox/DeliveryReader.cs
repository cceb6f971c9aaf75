namespace WsStorage.Outbox;

/// <summary>
/// Makes batches for the target of the records in the local store, from a place on. Records without preconditions of their own are
/// merged, up to bounds; one with preconditions goes alone, so that its refusal is its own. Not thread-safe.
/// </summary>
internal sealed class DeliveryReader(LocalStore local, PendingRecords pending, OutboxOptions options, byte[] markerKey)
{
    private readonly Queue<OutboxRecord> _ahead = new();
    private byte[]? _previous;

    /// <summary>The last record that was read.</summary>
    public ulong Cursor { get; private set; }

    /// <summary>Up to here each record goes alone, because it is not known which of some the target refuses.</summary>
    public ulong AloneThrough { get; set; }

    /// <summary>What goes in the place of a record.</summary>
    public (ulong Sequence, WriteBatch Batch)? Decided { get; set; }

    /// <summary>What the target takes at the most.</summary>
    public StorageLimits? Limits { get; set; }

    /// <summary>What a delivery adds to its records, in bytes.</summary>
    public int MarkerBytes { get; } = new WriteBatch()
        .RequireEqual(markerKey, Marker.Write(default)).Put(markerKey, Marker.Write(default)).ByteCount;

    /// <summary>Goes on after a record that is delivered.</summary>
    /// <param name="sequence">The record.</param>
    /// <param name="marker">The marker as it is now; none for no marker.</param>
    public void Seek(ulong sequence, byte[]? marker)
    {
        _ahead.Clear();
        Advance(sequence, marker);
    }

    /// <summary>Reads what goes next, as far as it may be delivered now.</summary>
    /// <returns>The batch; none when there is nothing.</returns>
    public async ValueTask<DeliveryBatch?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_ahead.Count == 0)
        {
            await ReadAheadAsync(cancellationToken).ConfigureAwait(false);
        }

        var records = new List<OutboxRecord>();
        int bytes = 0;
        int most = Math.Min(options.MaxMergedBytes, (Limits?.MaxBatchBytes ?? int.MaxValue) - MarkerBytes);
        while (records.Count < options.MaxMergedRecords && _ahead.TryPeek(out OutboxRecord record))
        {
            if (records.Count > 0 && (!Merges(record) || bytes + record.Operations.Length > most))
            {
                break;
            }

            records.Add(_ahead.Dequeue());
            bytes += record.Operations.Length;
            if (!Merges(record))
            {
                break;
            }
        }

        return records.Count > 0 ? Take(records) : null;
    }

    /// <summary>Reads a page of records. What is read stays deliverable: a read that begins later has it in view.</summary>
    private async ValueTask ReadAheadAsync(CancellationToken cancellationToken)
    {
        ulong through = pending.Deliverable();
        if (through <= Cursor)
        {
            return;
        }

        int pageBytes = Math.Clamp(options.MaxMergedBytes, 1024, 1 << 20);
        await foreach (IReadOnlyList<OutboxRecord> page in local.ScanAsync(Cursor, through, pageBytes, cancellationToken).ConfigureAwait(false))
        {
            foreach (OutboxRecord record in page)
            {
                _ahead.Enqueue(Copy(record));
            }

            return;
        }

        // It was accepted, so it must be there; to wait for more would never end.
        throw LocalStore.Missing(through);
    }

    /// <summary>A copy that outlives its page.</summary>
    private static OutboxRecord Copy(OutboxRecord record) => record with
    {
        Preconditions = record.Preconditions.ToArray(),
        Operations = record.Operations.ToArray(),
    };

    private bool Merges(OutboxRecord record) =>
        record.Preconditions.IsEmpty && record.Sequence > AloneThrough && record.Sequence != Decided?.Sequence;

    private DeliveryBatch Take(List<OutboxRecord> records)
    {
        DeliveryBatch batch = Decided is { } decided && decided.Sequence == records[0].Sequence
            ? DeliveryBatch.Of(markerKey, _previous, records[0], decided.Batch)
            : DeliveryBatch.Of(markerKey, _previous, records);
        Advance(batch.Last.Sequence, Marker.Write(batch.Last));
        return batch;
    }

    private void Advance(ulong sequence, byte[]? marker)
    {
        Cursor = sequence;
        _previous = marker;
    }
}
