using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Reading;

/// <summary>
/// Reads keys at one point in time, of the row cache what is there and the rest of RocksDB in one call, and keeps that. Used over and
/// over, by one thread at a time.
/// </summary>
internal sealed class CachedRead : IValueReceiver
{
    /// <summary>How many keys are read like this; more are read past the cache.</summary>
    public const int MaxKeys = ManyReader.ChunkKeys;

    private const int KeptBytes = 64 * 1024;
    private const int Missing = -1;

    [ThreadStatic]
    private static CachedRead? _spare;

    private readonly ulong[] _hashes = new ulong[MaxKeys];
    private readonly int[] _ends = new int[MaxKeys];
    private readonly ReadOnlyMemory<byte>[] _missing = new ReadOnlyMemory<byte>[MaxKeys];
    private readonly int[] _missingAt = new int[MaxKeys];
    private byte[] _values = new byte[4096];
    private int _length;
    private int _next;
    private int _handedBytes;
    private bool _isChecked;
    private bool _isChanged;
    private long _moment;
    private int _count;
    private RowCache? _cache;
    private IValueReceiver? _receiver;

    /// <summary>Reads keys.</summary>
    /// <param name="cache">The rows that were read last.</param>
    /// <param name="database">The database.</param>
    /// <param name="keys">At most <see cref="MaxKeys"/>, each within its limit.</param>
    /// <param name="receiver">Told of each key in order.</param>
    /// <exception cref="StorageException">A read failed.</exception>
    public static void Read(RowCache cache, Database database, ReadOnlySpan<ReadOnlyMemory<byte>> keys, IValueReceiver receiver)
    {
        // A receiver may read by itself.
        CachedRead read = _spare ?? new CachedRead();
        _spare = null;
        try
        {
            read._cache = cache;
            read._receiver = receiver;
            read.Read(database, keys);
        }
        finally
        {
            read.Clear();
            _spare = read;
        }
    }

    void IValueReceiver.OnRevision(Revision revision)
    {
        // The caller has said it.
    }

    void IValueReceiver.OnValue(int index, ReadOnlySpan<byte> value)
    {
        if (IsStillRight())
        {
            int at = _missingAt[index];
            HandOverUpTo(at);
            _cache!.Keep(_missing[index].Span, _hashes[at], value, _moment);
            _next++;
            _receiver!.OnValue(at, value);
        }
    }

    void IValueReceiver.OnMissing(int index)
    {
        if (IsStillRight())
        {
            int at = _missingAt[index];
            HandOverUpTo(at);
            _next++;
            _receiver!.OnMissing(at);
        }
    }

    private void Read(Database database, ReadOnlySpan<ReadOnlyMemory<byte>> keys)
    {
        _moment = _cache!.Now;
        _count = keys.Length;
        HashAndFetch(keys);
        int missing = 0;
        for (int i = 0; i < keys.Length; i++)
        {
            ReadOnlySpan<byte> key = keys[i].Span;
            if (_cache.TryAppend(key, _hashes[i], ref _values, ref _length))
            {
                _ends[i] = _length;
            }
            else
            {
                _ends[i] = Missing;
                _missing[missing] = keys[i];
                _missingAt[missing++] = i;
            }
        }

        if (missing > 0)
        {
            ManyReader.Read(database, _missing.AsSpan(0, missing), this, pointInTime: true);
        }

        if (IsStillRight())
        {
            HandOverUpTo(_count);
        }
        else
        {
            ManyReader.Read(database, keys, _receiver!, pointInTime: true);
        }
    }

    /// <summary>Has the processor wait for the memory of all rows at once, and not of one after the other.</summary>
    private void HashAndFetch(ReadOnlySpan<ReadOnlyMemory<byte>> keys)
    {
        for (int i = 0; i < keys.Length; i++)
        {
            _hashes[i] = RowCache.Hash(keys[i].Span);
            _cache!.FetchPlaces(_hashes[i]);
        }

        foreach (ulong hash in _hashes.AsSpan(0, keys.Length))
        {
            _cache!.FetchRow(hash);
        }
    }

    /// <summary>
    /// Whether what the cache had is what the store held when the rest was read: asked before anything is handed over, and after the rest
    /// was read.
    /// </summary>
    private bool IsStillRight()
    {
        if (!_isChecked)
        {
            _isChecked = true;
            _isChanged = _count > 1 && !_cache!.IsAtRest(_moment) && HasChanged();
        }

        return !_isChanged;
    }

    private bool HasChanged()
    {
        for (int i = 0; i < _count; i++)
        {
            if (_ends[i] != Missing && !_cache!.IsUnchanged(_hashes[i], _moment))
            {
                return true;
            }
        }

        return false;
    }

    private void HandOverUpTo(int index)
    {
        for (; _next < index; _next++)
        {
            int end = _ends[_next];
            ReadOnlySpan<byte> value = _values.AsSpan(_handedBytes, end - _handedBytes);
            _handedBytes = end;
            _receiver!.OnValue(_next, value);
        }
    }

    private void Clear()
    {
        Array.Clear(_missing);
        if (_values.Length > KeptBytes)
        {
            _values = new byte[4096];
        }

        _length = 0;
        _next = 0;
        _handedBytes = 0;
        _count = 0;
        _isChecked = false;
        _isChanged = false;
        _cache = null;
        _receiver = null;
    }
}
