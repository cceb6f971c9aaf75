namespace WsStorage.Core.Tree;

/// <summary>
/// The writer's end of a persistent B+-tree. A root that <see cref="Root"/> gave out stays as it is for ever once the next
/// edit has begun. For one writer at a time; any number of threads may read roots meanwhile.
/// </summary>
internal sealed class SortedTree
{
    private ulong _edit;

    /// <summary>The tree without a row.</summary>
    public static Node Empty { get; } = new Leaf(edit: 0);

    /// <summary>The tree as the edit has made it so far.</summary>
    public Node Root { get; private set; } = Empty;

    /// <summary>Finds a key's value.</summary>
    /// <param name="root">A tree.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value: memory that never changes.</param>
    /// <returns>Whether the key is present.</returns>
    public static bool TryGet(Node root, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        Node node = root;
        while (node is Branch branch)
        {
            node = branch.ChildFor(key);
        }

        return ((Leaf)node).TryGet(key, out value);
    }

    /// <summary>Begins an edit: what it changes is copied once, at its first change.</summary>
    /// <param name="root">The tree to change.</param>
    public void Begin(Node root)
    {
        Root = root;
        _edit++;
    }

    /// <summary>Sets a key to a value; both are copied.</summary>
    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Root = Root.OwnedBy(_edit);
        Sibling split = Root.Put(_edit, key, Row.Create(key, value));
        if (split.Node is not null)
        {
            Root = new Branch(_edit, Root, split);
        }
    }

    /// <summary>Removes a key, present or not.</summary>
    public void Remove(ReadOnlySpan<byte> key)
    {
        if (!TryGet(Root, key, out _))
        {
            return;
        }

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

        Root = Root.OwnedBy(_edit);
        Root.RemoveRange(_edit, start, end);
        while (Root is Branch { Size: < 2 } branch)
        {
            Root = branch.Size == 0 ? Empty : branch.ChildAt(0);
        }
    }
}
