using WsStorage.Core;
using WsStorage.RocksDb.History;
using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Reading;

/// <summary>
/// One scan, at one revision. Its pages are read by one caller after the other; it may be disposed of at any time from any
/// thread, as the closing of the store does, and its next page is then refused.
/// </summary>
internal sealed class Scan : IDisposable
{
    private readonly Lock _gate = new();
    private readonly OpenScans _owner;
    private readonly ScanOptions _options;
    private readonly ScanPageBuilder _builder;
    private readonly SnapshotHandle _snapshot;
    private RowIterator? _rows;
    private bool _started;
    private bool _ended;

    /// <summary>Pins the store's present state.</summary>
    public Scan(Database database, ScanOptions options, RocksDbOptions tuning, OpenScans owner)
    {
        _owner = owner;
        _options = options;

        // An iterator goes on asking its snapshot, at each file with removals of ranges that it comes to: it must outlive it.
        _snapshot = new SnapshotHandle(database.Handle);
        try
        {
            _builder = new ScanPageBuilder(options, StoreRecovery.ReadPosition(database, _snapshot).Revision);
            _rows = new RowIterator(database, database.Data, ToReadOptions(options, tuning));
        }
        catch
        {
            _snapshot.Dispose();
            throw;
        }
    }

    /// <summary>Reads the next page.</summary>
    /// <param name="page">The page, valid until the next call.</param>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="StorageException">The rows could not be read, or the store was closed.</exception>
    public bool TryReadPage(out ScanPage page)
    {
        ThreadCounters.TurnOff();
        lock (_gate)
        {
            RowIterator rows = _rows ?? throw RocksDbStorage.ToClosed();
            while (!_builder.IsFull && !_ended)
            {
                bool atRow = _started ? rows.Move(_options.Reverse) : rows.Start(_options.Reverse);
                _started = true;
                if (atRow)
                {
                    _builder.Append(rows.Key, _options.KeysOnly ? default : rows.Value);
                }

                _ended = !atRow || _builder.LimitReached;
            }

            page = _builder.IsEmpty ? default : _builder.TakePage();
            return page.Count > 0;
        }
    }

    public void Dispose()
    {
        _owner.Remove(this);
        Release();
    }

    /// <summary>Unpins what the scan reads.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _rows?.Dispose();
            _rows = null;
            _snapshot.Dispose();
        }
    }

    private ReadOptionsHandle ToReadOptions(ScanOptions options, RocksDbOptions tuning)
    {
        var readOptions = new ReadOptionsHandle();
        readOptions.SetSnapshot(_snapshot);
        readOptions.SetBounds(options.Range);
        readOptions.SetFillCache(tuning.ScansFillBlockCache);
        readOptions.SetReadahead(tuning.ScanReadaheadBytes);
        return readOptions;
    }
}
