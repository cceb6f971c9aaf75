using WsStorage.Leases;

namespace WsStorage.WsServer.Leases;

/// <summary>Puts the record of a lease into the store.</summary>
internal static class LeaseRecording
{
    /// <summary>Writes it, unless something is there already.</summary>
    /// <returns>Whether the record is there: written now; or before a restart, when the lease is asked for again.</returns>
    public static async ValueTask<bool> TryWriteAsync(IStorage storage, KeptLease lease)
    {
        byte[] key = LeaseKeys.Record(lease.Id);
        byte[] value = new LeaseRecord(lease.Session, lease.TimeToLive).Encode();
        WriteResult result = await storage.WriteAsync(new WriteBatch().RequireAbsent(key).Put(key, value)).ConfigureAwait(false);
        if (result.Applied)
        {
            return true;
        }

        byte[]? found = (await storage.GetAsync(key).ConfigureAwait(false)).Value;
        return LeaseRecord.TryDecode(found, out LeaseRecord record) && record.Session == lease.Session;
    }
}
