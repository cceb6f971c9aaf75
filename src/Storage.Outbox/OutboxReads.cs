namespace WsStorage.Outbox;

/// <summary>Reads keys through the overlay of pending records.</summary>
internal sealed class OutboxReads(IStorage target, LocalStore local, PendingRecords pending)
{
    public async ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken)
    {
        while (true)
        {
            // No hold for one key: a record is removed only after its delivery, and then the next look finds something else.
            if (pending.Overlay.Find(key) is not { } last)
            {
                return await target.GetAsync(key, cancellationToken).ConfigureAwait(false);
            }

            if (!last.IsPut)
            {
                return new GetResult(null, Revision.None);
            }

            if (await local.ReadAsync(last.Sequence, cancellationToken).ConfigureAwait(false) is { } record)
            {
                return new GetResult(record.ValueAt(last.Offset).ToArray(), Revision.None);
            }

            if (last.Sequence > pending.Delivered.Sequence)
            {
                throw LocalStore.Missing(last.Sequence);
            }
        }
    }

    public async ValueTask<GetManyResult> GetManyAsync(IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken)
    {
        using ReadHold hold = pending.Hold(holdsDelivery: true);
        byte[]?[] values = new byte[]?[keys.Count];
        List<(ulong Sequence, int Offset, int Place)> here = [];
        List<int> there = [];
        for (int i = 0; i < keys.Count; i++)
        {
            if (hold.Overlay.Find(keys[i]) is not { } last)
            {
                there.Add(i);
            }
            else if (last.IsPut)
            {
                here.Add((last.Sequence, last.Offset, i));
            }
        }

        Revision revision = Revision.None;
        if (there.Count > 0 || keys.Count == 0)
        {
            GetManyResult read = await target.GetManyAsync([.. there.Select(place => keys[place])], cancellationToken).ConfigureAwait(false);
            revision = read.Revision;
            for (int i = 0; i < there.Count; i++)
            {
                values[there[i]] = read.Values[i];
            }
        }

        hold.ReleaseDelivery();
        here.Sort();
        OutboxRecord record = default;
        foreach ((ulong sequence, int offset, int place) in here)
        {
            if (record.Sequence != sequence)
            {
                record = await local.ReadAsync(sequence, cancellationToken).ConfigureAwait(false) ?? throw LocalStore.Missing(sequence);
            }

            values[place] = record.ValueAt(offset).ToArray();
        }

        return new GetManyResult(values, revision);
    }
}
