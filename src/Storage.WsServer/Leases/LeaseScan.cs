using WsStorage.Leases;

namespace WsStorage.WsServer.Leases;

/// <summary>The leases that a store holds.</summary>
/// <param name="Limits">What the store takes.</param>
/// <param name="Leases">Those with a record.</param>
/// <param name="Remains">Those whose end was begun and not finished: something is bound to them, and there is no record.</param>
/// <param name="Unreadable">Those whose record this version does not understand; they are left alone.</param>
internal sealed record LeaseScan(
    StorageLimits Limits, List<(ulong Id, LeaseRecord Record)> Leases, List<ulong> Remains, List<ulong> Unreadable)
{
    /// <summary>Reads them.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ReadOnly"/>: the store can have none.</exception>
    public static async Task<LeaseScan> ReadAsync(IStorage storage, CancellationToken cancellationToken)
    {
        StorageInfo info = await storage.GetInfoAsync(cancellationToken).ConfigureAwait(false);
        if (info.IsReadOnly)
        {
            throw new StorageException(
                StorageErrorCode.ReadOnly, "The storage is open for reading only, and leases are written to it. Open it for writing.");
        }

        if (info.Staleness is not null)
        {
            // Leases end with the connections of their owners, of which this server sees only its own.
            throw new StorageException(
                StorageErrorCode.ReadOnly, "The storage is a replica, and leases are kept where its source is. Ask the server of the source.");
        }

        var found = new LeaseScan(info.Limits, [], [], []);
        ulong? last = null;
        var options = new ScanOptions { Range = LeaseKeys.Range };
        await foreach (ScanPage page in storage.ScanPagesAsync(options, cancellationToken).ConfigureAwait(false))
        {
            foreach (ScanPage.Row row in page)
            {
                // A lease's record comes first, then at once what is bound to it.
                if (!LeaseKeys.TryParse(row.Key, out ulong id, out ReadOnlyMemory<byte>? boundKey))
                {
                    continue;
                }

                if (boundKey is not null)
                {
                    if (id != last)
                    {
                        found.Remains.Add(id);
                    }
                }
                else if (LeaseRecord.TryDecode(row.Value.Span, out LeaseRecord record))
                {
                    found.Leases.Add((id, record));
                }
                else
                {
                    found.Unreadable.Add(id);
                }

                last = id;
            }
        }

        return found;
    }
}
