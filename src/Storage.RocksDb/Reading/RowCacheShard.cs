using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace WsStorage.RocksDb.Reading;

/// <summary>
/// A part of the row cache: a ring of memory in which rows are written one behind the other, over the oldest, and a table of where
/// they are. Nothing is allocated for a row, and the collector sees two arrays. Thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// set = last write: u64, 7 * place            one line of the processor's cache; the low bits of a key's hash choose it
/// place = tag: u16, position: u48             the tag is more of the hash; a position counts all 8-byte words ever written
/// row = moment: i64, key length: i32, value length: i32, key, value, up to 7 bytes of nothing
/// </code>
/// </remarks>
internal sealed class RowCacheShard
{
    private const int WordBytes = 8;
    private const int SetWords = 8;
    private const int HeadBytes = 16;
    private const int LineBytes = 64;
    private const int TagShift = 48;
    private const ulong PositionMask = (1UL << TagShift) - 1;

    // With rows of 16 and 100 bytes four of the seven places of a set are in use.
    private const int BytesForEachSet = 512;
    private const int LookupsKeptInMind = 8192;

    private readonly Lock _gate = new();
    private readonly int _ringBytes;
    private readonly int _sets;
    private ulong[] _table = [];
    private byte[] _ring = [];

    // Where the next row goes, counting all words ever written; the first are skipped, so that no place is 0.
    private ulong _head = 1;
    private long _lastWrite;
    private int _lookedUp;
    private int _found;
    private uint _passedBy;

    /// <summary>Makes an empty part.</summary>
    /// <param name="bytes">How much memory it may take.</param>
    public RowCacheShard(long bytes)
    {
        _sets = 1 << BitOperations.Log2((ulong)bytes / BytesForEachSet);
        _ringBytes = (int)Math.Min(bytes - ((long)_sets * SetWords * WordBytes), Array.MaxLength - WordBytes) & -WordBytes;
    }

    /// <inheritdoc cref="RowCache.FetchPlaces"/>
    public unsafe void FetchPlaces(ulong hash)
    {
        // Without the lock: whatever is fetched, nothing comes of it.
        ulong[] table = _table;
        if (Sse.IsSupported && table.Length > 0)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref table[SetAt(hash)]));
        }
    }

    /// <inheritdoc cref="RowCache.FetchRow"/>
    public unsafe void FetchRow(ulong hash)
    {
        ulong[] table = _table;
        byte[] ring = _ring;
        if (!Sse.IsSupported || table.Length == 0 || ring.Length == 0)
        {
            return;
        }

        ulong tag = TagOf(hash);
        foreach (ulong place in table.AsSpan(SetAt(hash) + 1, SetWords - 1))
        {
            if (place >> TagShift == tag)
            {
                byte* row = (byte*)Unsafe.AsPointer(ref ring[(int)((place & PositionMask) % RingWords) * WordBytes]);
                Sse.Prefetch0(row);
                Sse.Prefetch0(row + LineBytes);
                Sse.Prefetch0(row + (2 * LineBytes));
            }
        }
    }

    /// <inheritdoc cref="RowCache.TryAppend"/>
    public bool TryAppend(ReadOnlySpan<byte> key, ulong hash, long emptiedAt, ref byte[] buffer, ref int length)
    {
        lock (_gate)
        {
            if (_ring.Length == 0)
            {
                return false;
            }

            CountLookup();
            Span<ulong> places = PlacesOf(hash);
            int place = Find(places, key, hash);
            if (place < 0)
            {
                return false;
            }

            _found++;

            ulong position = places[place] & PositionMask;
            ReadOnlySpan<byte> row = RowAt(position);
            long moment = MemoryMarshal.Read<long>(row);
            if (moment < emptiedAt)
            {
                return false;
            }

            ReadOnlySpan<byte> value = ValueOf(row);
            if (buffer.Length - length < value.Length)
            {
                Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + value.Length));
            }

            value.CopyTo(buffer.AsSpan(length));
            length += value.Length;
            if (IsOld(position))
            {
                // What is read again is not forgotten next.
                places[place] = Place(hash, Write(key, buffer.AsSpan(length - value.Length, value.Length), moment));
            }

            return true;
        }
    }

    /// <summary>When a key was written last, or another of its set.</summary>
    public long LastWrite(ulong hash)
    {
        lock (_gate)
        {
            return _ring.Length == 0 ? _lastWrite : Math.Max(_lastWrite, (long)SetOf(hash)[0]);
        }
    }

    /// <inheritdoc cref="RowCache.Keep"/>
    public void Keep(ReadOnlySpan<byte> key, ulong hash, ReadOnlySpan<byte> value, long readAt)
    {
        lock (_gate)
        {
            if (_ring.Length == 0)
            {
                _table = new ulong[_sets * SetWords];
                _ring = GC.AllocateUninitializedArray<byte>(_ringBytes);
            }

            Span<ulong> set = SetOf(hash);
            if (_lastWrite > readAt || (long)set[0] > readAt || !IsWorthIt())
            {
                return;
            }

            Span<ulong> places = set[1..];
            int place = Find(places, key, hash);
            if (place < 0)
            {
                place = Oldest(places);
            }

            places[place] = Place(hash, Write(key, value, readAt));
        }
    }

    /// <summary>Takes a key out, and keeps nothing of it that was read before some moment.</summary>
    public void Forget(ulong hash, long moment)
    {
        lock (_gate)
        {
            if (_ring.Length == 0)
            {
                _lastWrite = moment;
                return;
            }

            Span<ulong> set = SetOf(hash);
            set[0] = (ulong)moment;
            foreach (ref ulong place in set[1..])
            {
                // By its tag alone: at worst another is read from RocksDB once more.
                if (place >> TagShift == TagOf(hash))
                {
                    place = 0;
                }
            }
        }
    }

    private static ulong TagOf(ulong hash) => (hash >> 40) & 0xFFFF;

    private static ulong Place(ulong hash, ulong position) => (TagOf(hash) << TagShift) | position;

    private static ReadOnlySpan<byte> ValueOf(ReadOnlySpan<byte> row) =>
        row.Slice(HeadBytes + MemoryMarshal.Read<int>(row[8..]), MemoryMarshal.Read<int>(row[12..]));

    private int SetAt(ulong hash) => (int)(hash & (uint)(_sets - 1)) * SetWords;

    private Span<ulong> SetOf(ulong hash) => _table.AsSpan(SetAt(hash), SetWords);

    private Span<ulong> PlacesOf(ulong hash) => SetOf(hash)[1..];

    private ulong RingWords => (ulong)_ringBytes / WordBytes;

    private ReadOnlySpan<byte> RowAt(ulong position) => _ring.AsSpan((int)(position % RingWords) * WordBytes);

    private bool IsThere(ulong position) => position != 0 && _head - position <= RingWords;

    private bool IsOld(ulong position) => _head - position > RingWords / 4 * 3;

    private void CountLookup()
    {
        if (++_lookedUp == LookupsKeptInMind)
        {
            _lookedUp /= 2;
            _found /= 2;
        }
    }

    /// <summary>
    /// Whether to keep one more row. A full ring in which little is found is not the place for what is read now: so it changes slowly, and
    /// reads that find nothing are not made slower by keeping what they have read.
    /// </summary>
    private bool IsWorthIt() => _head < RingWords || _found >= _lookedUp / 8 || ++_passedBy % 8 == 0;

    private int Find(Span<ulong> places, ReadOnlySpan<byte> key, ulong hash)
    {
        ulong tag = TagOf(hash);
        for (int i = 0; i < places.Length; i++)
        {
            ulong position = places[i] & PositionMask;
            if (places[i] >> TagShift == tag && IsThere(position))
            {
                ReadOnlySpan<byte> row = RowAt(position);
                if (row.Slice(HeadBytes, MemoryMarshal.Read<int>(row[8..])).SequenceEqual(key))
                {
                    return i;
                }
            }
        }

        return -1;
    }

    private static int Oldest(Span<ulong> places)
    {
        int oldest = 0;
        for (int i = 1; i < places.Length; i++)
        {
            if ((places[i] & PositionMask) < (places[oldest] & PositionMask))
            {
                oldest = i;
            }
        }

        return oldest;
    }

    private ulong Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long moment)
    {
        ulong words = (ulong)(HeadBytes + key.Length + value.Length + WordBytes - 1) / WordBytes;
        ulong left = RingWords - (_head % RingWords);
        if (left < words)
        {
            // A row lies in one piece.
            _head += left;
        }

        ulong position = _head;
        Span<byte> row = _ring.AsSpan((int)(position % RingWords) * WordBytes);
        MemoryMarshal.Write(row, moment);
        MemoryMarshal.Write(row[8..], key.Length);
        MemoryMarshal.Write(row[12..], value.Length);
        key.CopyTo(row[HeadBytes..]);
        value.CopyTo(row[(HeadBytes + key.Length)..]);
        _head += words;
        return position;
    }
}
