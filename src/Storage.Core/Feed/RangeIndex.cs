namespace WsStorage.Core.Feed;

/// <summary>
/// Finds the ranges that hold a key, or meet a range, without a look at the others: a treap in the order of the ranges'
/// starts, each node of which knows the last end below it. Equal ranges share one node. Not thread-safe.
/// </summary>
/// <typeparam name="T">What is kept for a range.</typeparam>
internal sealed class RangeIndex<T>
    where T : class, IRangeIndexed
{
    private IndexedRange<T>? _root;
    private uint _random = 2463534242;

    /// <summary>Whether there is nothing in it.</summary>
    public bool IsEmpty => _root is null;

    /// <summary>Adds something under its range.</summary>
    public void Add(KeyRange range, T item) => _root = Insert(_root, range, item);

    /// <summary>Removes something that was added under a range.</summary>
    public void Remove(KeyRange range, T item)
    {
        if (Find(range) is { } node)
        {
            node.Remove(item);
            if (node.Items.Count == 0)
            {
                _root = Delete(_root, range);
            }
        }
    }

    /// <summary>Removes the node of a range that has come to have nothing under it.</summary>
    public void RemoveEmpty(IndexedRange<T> node) => _root = Delete(_root, node.Range);

    /// <summary>Removes everything.</summary>
    public void Clear() => _root = null;

    /// <summary>Finds the ranges that hold a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="search">A number of the search: what it has found already is not found again.</param>
    /// <param name="found">Gets the ranges.</param>
    public void FindHolding(ReadOnlySpan<byte> key, long search, List<IndexedRange<T>> found) =>
        FindHolding(_root, key, search, found);

    /// <summary>Finds the ranges that have keys in common with a range.</summary>
    /// <param name="start">Its first key.</param>
    /// <param name="end">The first key after it; empty for no end.</param>
    /// <param name="search">A number of the search: what it has found already is not found again.</param>
    /// <param name="found">Gets the ranges.</param>
    public void FindMeeting(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end, long search, List<IndexedRange<T>> found) =>
        FindMeeting(_root, start, end, search, found);

    /// <summary>Gives everything in it.</summary>
    /// <param name="items">Gets it.</param>
    public void CopyTo(List<T> items) => CopyTo(_root, items);

    private static void FindHolding(IndexedRange<T>? node, ReadOnlySpan<byte> key, long search, List<IndexedRange<T>> found)
    {
        // To the left only where something reaches beyond the key: without a match this is a single path.
        for (; node is not null && IsBeforeEnd(key, node.LastEnd); node = node.Right)
        {
            FindHolding(node.Left, key, search, found);
            if (key.SequenceCompareTo(node.Range.Start.Span) < 0)
            {
                return;
            }

            if (IsBeforeEnd(key, node.Range.End))
            {
                node.AddTo(found, search);
            }
        }
    }

    private static void FindMeeting(
        IndexedRange<T>? node, ReadOnlySpan<byte> start, ReadOnlySpan<byte> end, long search, List<IndexedRange<T>> found)
    {
        for (; node is not null && IsBeforeEnd(start, node.LastEnd); node = node.Right)
        {
            FindMeeting(node.Left, start, end, search, found);
            if (!end.IsEmpty && node.Range.Start.Span.SequenceCompareTo(end) >= 0)
            {
                return;
            }

            if (IsBeforeEnd(start, node.Range.End))
            {
                node.AddTo(found, search);
            }
        }
    }

    private static void CopyTo(IndexedRange<T>? node, List<T> items)
    {
        for (; node is not null; node = node.Right)
        {
            CopyTo(node.Left, items);
            items.AddRange(node.Items);
        }
    }

    private static bool IsBeforeEnd(ReadOnlySpan<byte> key, ReadOnlyMemory<byte> end) =>
        end.IsEmpty || key.SequenceCompareTo(end.Span) < 0;

    private static int Compare(KeyRange left, KeyRange right)
    {
        int order = left.Start.Span.SequenceCompareTo(right.Start.Span);
        return order != 0 ? order : left.End.Span.SequenceCompareTo(right.End.Span);
    }

    private static IndexedRange<T>? Delete(IndexedRange<T>? node, KeyRange range)
    {
        if (node is null)
        {
            return null;
        }

        int order = Compare(range, node.Range);
        if (order == 0)
        {
            return Merge(node.Left, node.Right);
        }

        if (order < 0)
        {
            node.Left = Delete(node.Left, range);
        }
        else
        {
            node.Right = Delete(node.Right, range);
        }

        node.Update();
        return node;
    }

    private static IndexedRange<T>? Merge(IndexedRange<T>? left, IndexedRange<T>? right)
    {
        if (left is null || right is null)
        {
            return left ?? right;
        }

        IndexedRange<T> top = left.Priority >= right.Priority ? left : right;
        if (ReferenceEquals(top, left))
        {
            left.Right = Merge(left.Right, right);
        }
        else
        {
            right.Left = Merge(left, right.Left);
        }

        top.Update();
        return top;
    }

    private IndexedRange<T> Insert(IndexedRange<T>? node, KeyRange range, T item)
    {
        if (node is null)
        {
            return new IndexedRange<T>(range, NextRandom(), item);
        }

        int order = Compare(range, node.Range);
        if (order == 0)
        {
            node.Add(item);
            return node;
        }

        if (order < 0)
        {
            node.Left = Insert(node.Left, range, item);
            node = node.Left.Priority > node.Priority ? node.RotateRight() : node;
        }
        else
        {
            node.Right = Insert(node.Right, range, item);
            node = node.Right.Priority > node.Priority ? node.RotateLeft() : node;
        }

        node.Update();
        return node;
    }

    private IndexedRange<T>? Find(KeyRange range)
    {
        IndexedRange<T>? node = _root;
        while (node is not null && Compare(range, node.Range) is not 0 and int order)
        {
            node = order < 0 ? node.Left : node.Right;
        }

        return node;
    }

    private uint NextRandom()
    {
        // Source: Marsaglia, "Xorshift RNGs", 2003. Balance is all that it is for.
        _random ^= _random << 13;
        _random ^= _random >> 17;
        _random ^= _random << 5;
        return _random;
    }
}
