namespace WsStorage.Core.Tree;

/// <summary>A part of a <see cref="KeyIndex"/>: a hash table with open addressing and linear probing. A row that is taken out leaves no
/// mark, those behind it move up.</summary>
internal sealed class KeyIndexPart
{
    private const int MinSlots = 16;

    private Slot[] _slots = [default];
    private int _count;

    private int Mask => _slots.Length - 1;

    /// <summary>Where the search for a hash begins.</summary>
    public ref readonly Slot SlotFor(uint hash) => ref _slots[hash & Mask];

    /// <summary>The first row of a hash, or the absent one: nearly always the only one.</summary>
    public Row FindLikely(uint hash)
    {
        for (uint place = hash; ; place++)
        {
            ref readonly Slot slot = ref SlotFor(place);
            if (slot.IsFree || slot.Hash == hash)
            {
                return slot.Row;
            }
        }
    }

    /// <summary>Finds a key's row, or the absent one.</summary>
    public Row Find(ReadOnlySpan<byte> key, uint hash) => _slots[PlaceOf(key, hash)].Row;

    /// <summary>Sets the row of its key.</summary>
    public void Put(Row row, uint hash)
    {
        int place = PlaceOf(row.Key, hash);
        if (_slots[place].IsFree)
        {
            // At least a quarter stays free, so that a search ends soon.
            if (_count >= _slots.Length / 4 * 3)
            {
                Resize(Math.Max(MinSlots, _slots.Length * 2));
                place = PlaceOf(row.Key, hash);
            }

            _count++;
        }

        _slots[place] = new Slot(row, hash);
    }

    /// <summary>Takes a key's row out.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Remove(ReadOnlySpan<byte> key, uint hash)
    {
        int place = PlaceOf(key, hash);
        if (_slots[place].IsFree)
        {
            return false;
        }

        CloseGap(place);
        _count--;
        if (_slots.Length > MinSlots && _count < _slots.Length / 8)
        {
            Resize(_slots.Length / 2);
        }

        return true;
    }

    /// <summary>Where a key is, or else where it would be.</summary>
    private int PlaceOf(ReadOnlySpan<byte> key, uint hash)
    {
        int place = (int)(hash & Mask);
        while (!_slots[place].IsFree && !_slots[place].Holds(key, hash))
        {
            place = (place + 1) & Mask;
        }

        return place;
    }

    private void CloseGap(int gap)
    {
        for (int next = (gap + 1) & Mask; !_slots[next].IsFree; next = (next + 1) & Mask)
        {
            // A row may move up to the gap unless its search begins behind it.
            int start = (int)(_slots[next].Hash & Mask);
            if (((next - start) & Mask) >= ((next - gap) & Mask))
            {
                _slots[gap] = _slots[next];
                gap = next;
            }
        }

        _slots[gap] = default;
    }

    private void Resize(int slots)
    {
        Slot[] old = _slots;
        _slots = new Slot[slots];
        foreach (Slot slot in old)
        {
            if (!slot.IsFree)
            {
                int place = (int)(slot.Hash & Mask);
                while (!_slots[place].IsFree)
                {
                    place = (place + 1) & Mask;
                }

                _slots[place] = slot;
            }
        }
    }

    /// <summary>A row and a part of its key's hash, in sixteen bytes.</summary>
    internal readonly struct Slot(Row row, uint hash)
    {
        private readonly byte[]? _record = row.Record;
        private readonly int _keyLength = row.KeyLength;

        public uint Hash { get; } = hash;

        public bool IsFree => _record is null;

        public Row Row => new(_record!, _keyLength);

        public bool Holds(ReadOnlySpan<byte> key, uint hash) => Hash == hash && Row.Key.SequenceEqual(key);
    }
}
