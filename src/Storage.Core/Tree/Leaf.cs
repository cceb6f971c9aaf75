namespace WsStorage.Core.Tree;

/// <summary>A node at the bottom: rows in key order.</summary>
internal sealed class Leaf(ulong generation) : Node(generation)
{
    private Slots<Row> _rows;

    public override int Size => KeyCount;

    public override ReadOnlySpan<byte> KeyAt(int index) => _rows[index].Key;

    public Row RowAt(int index) => _rows[index];

    /// <summary>Finds a key's row, or the absent one.</summary>
    public Row Find(ReadOnlySpan<byte> key)
    {
        int index = TrustingRank(key, inclusive: false);
        return index < KeyCount && KeyAt(index).SequenceEqual(key) ? _rows[index] : default;
    }

    public override Sibling Put(ulong generation, ReadOnlySpan<byte> key, Row row)
    {
        int index = Rank(key, inclusive: false);
        if (index < KeyCount && KeyAt(index).SequenceEqual(key))
        {
            ByteCount += row.Length - _rows[index].Length;
            _rows[index] = row;
            return default;
        }

        if (KeyCount < Capacity)
        {
            Insert(index, row);
            return default;
        }

        // Rows that arrive in key order fill leaf after leaf instead of leaving each half empty.
        int middle = index == Capacity ? Capacity : Capacity / 2;
        var right = new Leaf(generation);
        MoveTail(middle, right);
        if (index < middle)
        {
            Insert(index, row);
        }
        else
        {
            right.Insert(index - middle, row);
        }

        ReadOnlySpan<byte> first = right.KeyAt(0);
        return new Sibling(first[..(first.CommonPrefixLength(KeyAt(KeyCount - 1)) + 1)].ToArray(), right);
    }

    public override void RemoveRange(ulong generation, ReadOnlySpan<byte> start, ReadOnlySpan<byte> end)
    {
        int from = Rank(start, inclusive: false);
        int to = end.IsEmpty ? KeyCount : Rank(end, inclusive: false);
        Remove(from, to - from);
    }

    public override void Append(byte[] separator, Node next)
    {
        var other = (Leaf)next;
        Span<Row> rows = _rows;
        Span<Row> others = other._rows;
        others[..other.KeyCount].CopyTo(rows[KeyCount..]);
        KeyCount += other.KeyCount;
        RowCount += other.RowCount;
        ByteCount += other.ByteCount;
        Reindex();
    }

    private void Insert(int index, Row row)
    {
        bool reindex = IndexInserted(index, row.Key);
        Span<Row> rows = _rows;
        rows.Insert(KeyCount - 1, index, row);
        RowCount++;
        ByteCount += row.Length;
        if (reindex)
        {
            Reindex();
        }
    }

    private void Remove(int index, int count)
    {
        Span<Row> rows = _rows;
        foreach (Row row in rows.Slice(index, count))
        {
            ByteCount -= row.Length;
        }

        rows.Remove(KeyCount, index, count);
        IndexRemoved(index, count);
        RowCount -= count;
    }

    private void MoveTail(int index, Leaf target)
    {
        int count = KeyCount - index;
        Span<Row> rows = _rows;
        Span<Row> targets = target._rows;
        rows.Slice(index, count).CopyTo(targets);
        target.KeyCount = count;
        target.RowCount = count;
        long before = ByteCount;
        Remove(index, count);
        target.ByteCount = before - ByteCount;
        Reindex();
        target.Reindex();
    }
}
