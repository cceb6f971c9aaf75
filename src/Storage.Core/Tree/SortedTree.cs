namespace WsStorage.Core.Tree;

/// <summary>
/// A copy-on-write B+-tree. Any number of threads may read it, or one change it; a root that <see cref="Pin"/> has given
/// out can be read meanwhile, without a lock, and stays as it is.
/// </summary>
/// <remarks>
/// While nothing is pinned, changes happen in place. After a pin, each node is copied before its first change. This makes
/// a random put several times as fast as copying its path each time would.
/// </remarks>
internal sealed class SortedTree
{
    private static readonly Leaf Empty = new(generation: 0);

    private ulong _generation = 1;

    /// <summary>The tree as it is: not to be read while it is being changed.</summary>
    public Node Root { get; private set; } = Empty;

    /// <summary>Finds a key's row.</summary>
    /// <param name="root">A tree.</param>
    /// <param name="key">The key.</param>
    /// <returns>The row, which never changes, or the absent row.</returns>
    public static Row Find(Node root, ReadOnlySpan<byte> key)
    {
        // A key found on the likely way is the key; one not found there has to be looked for on the certain way.
        Node node = root;
        while (node is Branch branch)
        {
            node = branch.LikelyChildFor(key);
        }

        Row row = ((Leaf)node).Find(key);
        return row.IsAbsent ? FindWithCertainty(root, key) : row;
    }

    /// <summary>Keeps the tree as it is now. Several threads may pin at once, but none while the tree is being
    /// changed.</summary>
    /// <returns>The root, to be read for as long as it is held.</returns>
    public Node Pin()
    {
        Interlocked.Increment(ref _generation);
        return Root;
    }

    /// <summary>Sets the row of its key.</summary>
    public void Put(Row row)
    {
        Root = Root.In(_generation);
        Sibling split = Root.Put(_generation, row.Key, row);
        if (split.Node is not null)
        {
            Root = new Branch(_generation, Root, split);
        }
    }

    /// <summary>Removes a key, present or not.</summary>
    public void Remove(ReadOnlySpan<byte> key)
    {
        // The first key after a key is the same with a zero byte behind it.
        Span<byte> end = key.Length < 256 ? stackalloc byte[key.Length + 1] : new byte[key.Length + 1];
        key.CopyTo(end);
        end[^1] = 0;
        RemoveRange(key, end);
    }

    /// <summary>Removes the keys from one on to before another, empty for no end.</summary>
    public void RemoveRange(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end)
    {
        if (!end.IsEmpty && start.SequenceCompareTo(end) >= 0)
        {
            return;
        }

        Root = Root.In(_generation);
        Root.RemoveRange(_generation, start, end);
        while (Root is Branch { Size: < 2 } branch)
        {
            Root = branch.Size == 0 ? Empty : branch.ChildAt(0);
        }
    }

    private static Row FindWithCertainty(Node root, ReadOnlySpan<byte> key)
    {
        Node node = root;
        while (node is Branch branch)
        {
            node = branch.ChildFor(key);
        }

        return ((Leaf)node).Find(key);
    }
}
