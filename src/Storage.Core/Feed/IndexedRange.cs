namespace WsStorage.Core.Feed;

/// <summary>Something that is kept in a <see cref="RangeIndex{T}"/>, in one range at a time.</summary>
internal interface IRangeIndexed
{
    /// <summary>Its place among those of the same range; kept by the index.</summary>
    int Place { get; set; }
}

/// <summary>A range of a <see cref="RangeIndex{T}"/> and what is kept for it; also a node of its tree.</summary>
/// <typeparam name="T">What is kept.</typeparam>
internal sealed class IndexedRange<T>
    where T : class, IRangeIndexed
{
    private readonly List<T> _items = new(1);
    private long _search;

    public IndexedRange(KeyRange range, uint priority, T item)
    {
        Range = range;
        Priority = priority;
        LastEnd = range.End;
        Add(item);
    }

    public KeyRange Range { get; }

    /// <summary>A node's is at least that of those below it.</summary>
    public uint Priority { get; }

    public IndexedRange<T>? Left { get; set; }

    public IndexedRange<T>? Right { get; set; }

    /// <summary>The last end of this range and all below it; empty for no end.</summary>
    public ReadOnlyMemory<byte> LastEnd { get; private set; }

    /// <summary>What is kept, in no order.</summary>
    public IReadOnlyList<T> Items => _items;

    public void Add(T item)
    {
        item.Place = _items.Count;
        _items.Add(item);
    }

    /// <summary>Removes something; the last one takes its place.</summary>
    public void Remove(T item)
    {
        T last = _items[^1];
        _items[item.Place] = last;
        last.Place = item.Place;
        _items.RemoveAt(_items.Count - 1);
    }

    /// <summary>Adds this range to what a search has found, once.</summary>
    public void AddTo(List<IndexedRange<T>> found, long search)
    {
        if (_search != search)
        {
            _search = search;
            found.Add(this);
        }
    }

    /// <summary>The left node takes this one's place.</summary>
    public IndexedRange<T> RotateRight()
    {
        IndexedRange<T> top = Left!;
        Left = top.Right;
        top.Right = this;
        Update();
        return top;
    }

    /// <summary>The right node takes this one's place.</summary>
    public IndexedRange<T> RotateLeft()
    {
        IndexedRange<T> top = Right!;
        Right = top.Left;
        top.Left = this;
        Update();
        return top;
    }

    /// <summary>Finds the last end anew, after what is below has changed.</summary>
    public void Update() => LastEnd = Later(Later(Range.End, Left), Right);

    private static ReadOnlyMemory<byte> Later(ReadOnlyMemory<byte> end, IndexedRange<T>? below)
    {
        if (below is null || end.IsEmpty || below.LastEnd.IsEmpty)
        {
            return below is null ? end : default;
        }

        return end.Span.SequenceCompareTo(below.LastEnd.Span) >= 0 ? end : below.LastEnd;
    }
}
