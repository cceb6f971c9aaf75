namespace WsStorage.RocksDb.Reading;

/// <summary>The scans that are open, so that the closing of the store can release what they pin. Thread-safe.</summary>
internal sealed class OpenScans
{
    private readonly Lock _gate = new();
    private readonly HashSet<Scan> _scans = [];

    /// <summary>Adds a scan. To be called while the store can't be closed.</summary>
    public void Add(Scan scan)
    {
        lock (_gate)
        {
            _scans.Add(scan);
        }
    }

    /// <summary>Removes a scan, there or not.</summary>
    public void Remove(Scan scan)
    {
        lock (_gate)
        {
            _scans.Remove(scan);
        }
    }

    /// <summary>Releases what all scans pin; each then says that the store is closed.</summary>
    public void ReleaseAll()
    {
        Scan[] scans;
        lock (_gate)
        {
            scans = [.. _scans];
            _scans.Clear();
        }

        foreach (Scan scan in scans)
        {
            scan.Release();
        }
    }
}
