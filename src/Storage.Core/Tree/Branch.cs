namespace WsStorage.Core.Tree;

/// <summary>A node above others: children, and between each two of them a key that is after all of the left and not after
/// any of the right.</summary>
internal sealed class Branch : Node
{
    private Slots<byte[]> _keys;
    private Slots<Node> _children;
    private int _childCount;

    /// <summary>A root over a node and what it has split off.</summary>
    public Branch(ulong generation, Node left, Sibling right)
        : this(generation)
    {
        _children[0] = left;
        _childCount = 1;
        AddCounts(left, 1);
        Insert(1, right);
    }

    private Branch(ulong generation)
        : base(generation)
    {
    }

    public override int Size => _childCount;

    public override ReadOnlySpan<byte> KeyAt(int index) => _keys[index];

    public Node ChildAt(int index) => _children[index];

    /// <summary>The child under which a key belongs.</summary>
    public Node ChildFor(ReadOnlySpan<byte> key) => _children[Rank(key, inclusive: true)];

    /// <summary>The same if the key begins as this branch's keys do, else any child: faster, and nearly always right.</summary>
    public Node LikelyChildFor(ReadOnlySpan<byte> key) => _children[TrustingRank(key, inclusive: true)];

    public override Sibling Put(ulong generation, ReadOnlySpan<byte> key, Row row)
    {
        int index = Rank(key, inclusive: true);
        Node child = TakeChild(generation, index);
        Sibling split = child.Put(generation, key, row);
        AddCounts(child, 1);
        return split.Node is null ? default : InsertOrSplit(generation, index + 1, split);
    }

    public override void RemoveRange(ulong generation, ReadOnlySpan<byte> start, ReadOnlySpan<byte> end)
    {
        int first = Rank(start, inclusive: true);
        int last = end.IsEmpty ? _childCount - 1 : Rank(end, inclusive: false);
        RemoveWithin(generation, first, start, first == last ? end : default);
        if (first < last)
        {
            RemoveWithin(generation, last, default, end);
        }

        // Whole subtrees between the two go without a look inside, and so do the two when nothing is left of them.
        int from = _children[first].Size == 0 ? first : first + 1;
        int to = _children[last].Size == 0 ? last + 1 : Math.Max(last, from);
        for (int i = from; i < to; i++)
        {
            AddCounts(_children[i], -1);
        }

        RemoveChildren(from, to - from);
        MergeIfSmall(generation, from);
        MergeIfSmall(generation, from - 1);
    }

    public override void Append(byte[] separator, Node next)
    {
        var other = (Branch)next;
        _keys[KeyCount] = separator;
        Span<byte[]> keys = _keys;
        Span<byte[]> otherKeys = other._keys;
        otherKeys[..other.KeyCount].CopyTo(keys[(KeyCount + 1)..]);
        Span<Node> children = _children;
        Span<Node> otherChildren = other._children;
        otherChildren[..other._childCount].CopyTo(children[_childCount..]);
        KeyCount += other.KeyCount + 1;
        _childCount += other._childCount;
        AddCounts(other, 1);
        Reindex();
    }

    private void AddCounts(Node child, int sign)
    {
        RowCount += sign * child.RowCount;
        ByteCount += sign * child.ByteCount;
    }

    /// <summary>Brings a child into the generation and takes its counts out, to be added again when it has been changed.</summary>
    private Node TakeChild(ulong generation, int index)
    {
        Node child = _children[index].In(generation);
        _children[index] = child;
        AddCounts(child, -1);
        return child;
    }

    private void RemoveWithin(ulong generation, int index, ReadOnlySpan<byte> start, ReadOnlySpan<byte> end)
    {
        Node child = TakeChild(generation, index);
        child.RemoveRange(generation, start, end);
        AddCounts(child, 1);
    }

    private Sibling InsertOrSplit(ulong generation, int index, Sibling added)
    {
        if (_childCount < Capacity)
        {
            Insert(index, added);
            return default;
        }

        int middle = index == Capacity ? Capacity - 1 : Capacity / 2;
        var right = new Branch(generation);
        byte[] separator = MoveTail(middle, right);
        if (index <= middle)
        {
            Insert(index, added);
        }
        else
        {
            right.Insert(index - middle, added);
        }

        return new Sibling(separator, right);
    }

    private void Insert(int index, Sibling added)
    {
        bool reindex = IndexInserted(index - 1, added.Separator);
        Span<byte[]> keys = _keys;
        keys.Insert(KeyCount - 1, index - 1, added.Separator);
        Span<Node> children = _children;
        children.Insert(_childCount, index, added.Node!);
        _childCount++;
        AddCounts(added.Node!, 1);
        if (reindex)
        {
            Reindex();
        }
    }

    private void RemoveChildren(int index, int count)
    {
        if (count == 0)
        {
            return;
        }

        Span<Node> children = _children;
        children.Remove(_childCount, index, count);
        _childCount -= count;

        // Of n children there are n - 1 keys: the first child's removal takes the key after it, another's that before it.
        int firstKey = Math.Max(index - 1, 0);
        int removed = Math.Min(count, KeyCount - firstKey);
        Span<byte[]> keys = _keys;
        keys.Remove(KeyCount, firstKey, removed);
        IndexRemoved(firstKey, removed);
    }

    private void MergeIfSmall(ulong generation, int index)
    {
        if (index < 0 || index >= _childCount || _childCount < 2 || _children[index].Size > Small)
        {
            return;
        }

        int left = Math.Max(index - 1, 0);
        Node next = _children[left + 1];
        if (_children[left].Size + next.Size > Capacity - Small)
        {
            return;
        }

        Node merged = _children[left].In(generation);
        merged.Append(_keys[left], next);
        _children[left] = merged;
        RemoveChildren(left + 1, 1);
    }

    private byte[] MoveTail(int middle, Branch target)
    {
        byte[] separator = _keys[middle - 1];
        Span<byte[]> keys = _keys;
        Span<byte[]> targetKeys = target._keys;
        keys[middle..KeyCount].CopyTo(targetKeys);
        target.KeyCount = KeyCount - middle;
        Span<Node> children = _children;
        Span<Node> targetChildren = target._children;
        children[middle.._childCount].CopyTo(targetChildren);
        target._childCount = _childCount - middle;
        foreach (Node child in targetChildren[..target._childCount])
        {
            target.AddCounts(child, 1);
            AddCounts(child, -1);
        }

        RemoveChildren(middle, _childCount - middle);
        Reindex();
        target.Reindex();
        return separator;
    }
}
