using WsStorage.Leases;

namespace WsStorage.WsServer.Leases;

/// <summary>
/// Takes a lease out of the store, with the keys that are still as they were bound. One batch, if the store takes it; else the
/// record goes first, after which nothing more can be bound, and the rest in batches each of which removes keys and what says
/// that they are bound. So what is left after a crash is still known to belong to a lease that has ended.
/// </summary>
internal sealed class LeaseRemoval(IStorage storage, StorageLimits limits, ulong lease)
{
    // A client that binds without a pause could go on for ever to be one step ahead of a batch that wants all at once.
    private const int MaxAttemptsAtOnce = 3;

    private readonly KeyRange _range = KeyRange.Prefix(LeaseKeys.Record(lease));

    /// <summary>Removes it. Does nothing when there is nothing of it, so it can be done again.</summary>
    public async Task RunAsync()
    {
        int refusals = 0;
        while (true)
        {
            WriteBatch batch = await GatherAsync(recordAlone: refusals >= MaxAttemptsAtOnce).ConfigureAwait(false);
            if (batch.Count == 0)
            {
                return;
            }

            // A refusal says that something has changed since it was read: read again.
            WriteResult result = await storage.WriteAsync(batch).ConfigureAwait(false);
            refusals = result.Applied ? 0 : refusals + 1;
        }
    }

    private async ValueTask<WriteBatch> GatherAsync(bool recordAlone)
    {
        var batch = new WriteBatch();
        await foreach (ScanPage page in storage.ScanPagesAsync(new ScanOptions { Range = _range }).ConfigureAwait(false))
        {
            foreach (ScanPage.Row row in page)
            {
                if (!LeaseKeys.TryParse(row.Key, out _, out ReadOnlyMemory<byte>? boundKey))
                {
                    // Nothing that a lease could have: it goes along, so that the end is reached.
                    batch.Remove(row.Key.Span);
                }
                else if (boundKey is null)
                {
                    batch.Remove(row.Key.Span);
                    if (recordAlone)
                    {
                        return batch;
                    }
                }
                else if (!await TryAddAsync(batch, row, boundKey.Value).ConfigureAwait(false))
                {
                    return batch;
                }
            }
        }

        return batch;
    }

    /// <summary>Adds the removal of a bound key, demanding that it is still as it was read.</summary>
    /// <returns>Whether the batch has room for it.</returns>
    private async ValueTask<bool> TryAddAsync(WriteBatch batch, ScanPage.Row binding, ReadOnlyMemory<byte> key)
    {
        // A longer key was not bound by the rules, and perhaps could not be removed in one batch.
        byte[]? value = key.Length <= LeaseKeys.MaxBoundKeyBytes
            ? (await storage.GetAsync(key).ConfigureAwait(false)).Value
            : null;
        bool isAsBound = value is not null && binding.Value.Span.SequenceEqual(LeaseKeys.HashOf(value));
        const int framing = 64;
        long bytes = (2L * binding.Key.Length) + binding.Value.Length + (isAsBound ? (2L * key.Length) + value!.Length : 0) + framing;
        if (batch.Count > 0 && batch.ByteCount + bytes > limits.MaxBatchBytes)
        {
            return false;
        }

        batch.RequireEqual(binding.Key.Span, binding.Value.Span).Remove(binding.Key.Span);
        if (isAsBound)
        {
            batch.RequireEqual(key.Span, value).Remove(key.Span);
        }

        return true;
    }
}
