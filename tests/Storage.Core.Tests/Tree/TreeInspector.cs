using WsStorage.Core.Tree;

namespace WsStorage.Core.Tests.Tree;

/// <summary>Checks what must be true of every node of a tree, and lists its rows.</summary>
internal static class TreeInspector
{
    public static void Check(Node root)
    {
        if (root is Branch)
        {
            Assert.That(root.Size, Is.GreaterThan(1), "a root with one child is replaced by the child");
        }

        Check(root, low: null, high: null, isRoot: true);
    }

    public static int CountLeaves(Node node) => node is Branch branch
        ? Enumerable.Range(0, branch.Size).Sum(i => CountLeaves(branch.ChildAt(i)))
        : 1;

    public static List<(byte[] Key, byte[] Value)> Rows(Node root, KeyRange range = default, bool reverse = false)
    {
        List<(byte[] Key, byte[] Value)> rows = [];
        var cursor = new TreeCursor(root, range, reverse);
        while (cursor.MoveNext())
        {
            rows.Add((cursor.Current.Key.ToArray(), cursor.Current.Value.ToArray()));
        }

        return rows;
    }

    // Assert.That is too slow for every key of a large tree.
    private static void Require(bool condition, string rule)
    {
        if (!condition)
        {
            Assert.Fail(rule);
        }
    }

    /// <summary>The level of the leaves is 0.</summary>
    private static (int Level, long Rows, long Bytes) Check(Node node, byte[]? low, byte[]? high, bool isRoot)
    {
        Require(node.Size <= Node.Capacity, "no node is too full");
        Require(isRoot || node.Size > 0, "only the root of the empty tree is empty");
        for (int i = 0; i < node.KeyCount; i++)
        {
            ReadOnlySpan<byte> key = node.KeyAt(i);
            Require(i == 0 || node.KeyAt(i - 1).SequenceCompareTo(key) < 0, "keys grow");
            Require(low is null || key.SequenceCompareTo(low) >= 0, "keys are within their parent's bounds");
            Require(high is null || key.SequenceCompareTo(high) < 0, "keys are within their parent's bounds");
            Require(node.Rank(key, inclusive: false) == i && node.Rank(key, inclusive: true) == i + 1, "the search index finds each key");
        }

        (int Level, long Rows, long Bytes) found = node is Branch branch ? CheckChildren(branch, low, high) : Count((Leaf)node);
        Require((node.RowCount, node.ByteCount) == (found.Rows, found.Bytes), "counts are exact");
        return found;
    }

    private static (int Level, long Rows, long Bytes) CheckChildren(Branch branch, byte[]? low, byte[]? high)
    {
        Require(branch.KeyCount == branch.Size - 1, "there is a key between each two children");
        HashSet<int> levels = [];
        long rows = 0;
        long bytes = 0;
        for (int i = 0; i < branch.Size; i++)
        {
            byte[]? childLow = i == 0 ? low : branch.KeyAt(i - 1).ToArray();
            byte[]? childHigh = i == branch.KeyCount ? high : branch.KeyAt(i).ToArray();
            (int level, long childRows, long childBytes) = Check(branch.ChildAt(i), childLow, childHigh, isRoot: false);
            levels.Add(level);
            rows += childRows;
            bytes += childBytes;
        }

        Require(levels.Count == 1, "all leaves are at one level");
        return (levels.Single() + 1, rows, bytes);
    }

    private static (int Level, long Rows, long Bytes) Count(Leaf leaf)
    {
        long bytes = 0;
        for (int i = 0; i < leaf.Size; i++)
        {
            bytes += leaf.RowAt(i).Length;
        }

        return (0, leaf.Size, bytes);
    }
}
