using System.Buffers.Binary;

namespace WsStorage.Core.Tree;

/// <summary>
/// A node of a copy-on-write B+-tree: an ordered run of keys. It is changed in place only within the generation that made
/// it. A reader that pins a root ends the generation, so what it holds stays as it is, and writers change copies.
/// </summary>
/// <remarks>
/// Searching compares eight bytes of each key that stand in the node itself, taken where the node's keys begin to differ,
/// and looks at a whole key only when these are equal.
/// </remarks>
internal abstract class Node(ulong generation)
{
    /// <summary>The most rows of a leaf, and the most children of a branch.</summary>
    public const int Capacity = 128;

    /// <summary>A node that falls to this size is merged into a neighbour if both have room in one.</summary>
    public const int Small = Capacity / 4;

    private Slots<ulong> _heads;
    private int _prefixLength;
    private ulong _generation = generation;

    /// <summary>The keys in this node: of a leaf its rows', of a branch those between its children.</summary>
    public int KeyCount { get; protected set; }

    /// <summary>The rows of this node and all below it.</summary>
    public long RowCount { get; protected set; }

    /// <summary>The bytes of the keys and values of those rows.</summary>
    public long ByteCount { get; protected set; }

    /// <summary>The rows of a leaf, the children of a branch.</summary>
    public abstract int Size { get; }

    public abstract ReadOnlySpan<byte> KeyAt(int index);

    /// <summary>Sets a key; this node is of the generation.</summary>
    /// <returns>What had to be split off, if anything.</returns>
    public abstract Sibling Put(ulong generation, ReadOnlySpan<byte> key, Row row);

    /// <summary>Removes the rows from one key on to before another, empty for no end; this node is of the generation.</summary>
    public abstract void RemoveRange(ulong generation, ReadOnlySpan<byte> start, ReadOnlySpan<byte> end);

    /// <summary>Takes over the content of the next node of the same level, which has room here.</summary>
    public abstract void Append(byte[] separator, Node next);

    /// <summary>This node if it is of the generation, else a copy that is.</summary>
    public Node In(ulong generation)
    {
        if (_generation == generation)
        {
            return this;
        }

        var copy = (Node)MemberwiseClone();
        copy._generation = generation;
        return copy;
    }

    /// <summary>How many of the keys are before a key, or up to it.</summary>
    public int Rank(ReadOnlySpan<byte> key, bool inclusive)
    {
        if (KeyCount == 0)
        {
            return 0;
        }

        ReadOnlySpan<byte> prefix = KeyAt(0)[.._prefixLength];
        if (!key.StartsWith(prefix))
        {
            return key.SequenceCompareTo(prefix) < 0 ? 0 : KeyCount;
        }

        return RankWithinPrefix(key, inclusive);
    }

    /// <summary>The rank of a key that begins as this node's keys do; of another key, any number up to
    /// <see cref="KeyCount"/>. Saves the look at a key outside the node that <see cref="Rank"/> begins with.</summary>
    protected int TrustingRank(ReadOnlySpan<byte> key, bool inclusive) =>
        key.Length < _prefixLength ? KeyCount : RankWithinPrefix(key, inclusive);

    /// <summary>Takes a new key into the search index, before it is put into its slot.</summary>
    /// <returns>Whether the keys' common prefix became shorter, so that <see cref="Reindex"/> must follow.</returns>
    protected bool IndexInserted(int index, ReadOnlySpan<byte> key)
    {
        bool prefixHolds = KeyCount > 0 && key.StartsWith(KeyAt(0)[.._prefixLength]);
        Span<ulong> heads = _heads;
        heads.Insert(KeyCount, index, prefixHolds ? Head(key) : 0);
        KeyCount++;
        return !prefixHolds;
    }

    protected void IndexRemoved(int index, int removed)
    {
        Span<ulong> heads = _heads;
        heads.Remove(KeyCount, index, removed);
        KeyCount -= removed;
    }

    /// <summary>Builds the search index anew from the keys in the slots.</summary>
    protected void Reindex()
    {
        _prefixLength = KeyCount == 0 ? 0 : KeyAt(0).CommonPrefixLength(KeyAt(KeyCount - 1));
        for (int i = 0; i < KeyCount; i++)
        {
            _heads[i] = Head(KeyAt(i));
        }
    }

    private int RankWithinPrefix(ReadOnlySpan<byte> key, bool inclusive)
    {
        ulong head = Head(key);
        ReadOnlySpan<ulong> heads = _heads;
        int low = 0;
        int high = KeyCount;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            ulong other = heads[middle];
            if (other != head ? other < head : KeyAt(middle).SequenceCompareTo(key) < (inclusive ? 1 : 0))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private ulong Head(ReadOnlySpan<byte> key)
    {
        ReadOnlySpan<byte> rest = key[_prefixLength..];
        if (rest.Length >= sizeof(ulong))
        {
            return BinaryPrimitives.ReadUInt64BigEndian(rest);
        }

        Span<byte> padded = stackalloc byte[sizeof(ulong)];
        padded.Clear();
        rest.CopyTo(padded);
        return BinaryPrimitives.ReadUInt64BigEndian(padded);
    }
}

/// <summary>What a node that was full has split off, to stand behind it in its parent.</summary>
/// <param name="Separator">After every key before it, and not after any key in it.</param>
/// <param name="Node">The new node, or <see langword="null"/> when nothing was split.</param>
internal readonly record struct Sibling(byte[] Separator, Node? Node);
