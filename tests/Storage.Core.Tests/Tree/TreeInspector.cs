using WsStorage.Core.Tree;
using WsStorage.Testing;

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

    /// <summary>The level of the leaf level is 0.</summary>
    private static (int Level, long Rows, long Bytes) Check(Node node, byte[]? low, byte[]? high, bool isRoot)
    {
        Assert.That(node.Size, Is.LessThanOrEqualTo(Node.Capacity));
        Assert.That(isRoot || node.Size > 0, Is.True, "only the root of the empty tree is empty");
        for (int i = 0; i < node.KeyCount; i++)
        {
            byte[] key = node.KeyAt(i).ToArray();
            Assert.That(i == 0 || Bytes.Order.Compare(node.KeyAt(i - 1).ToArray(), key) < 0, Is.True, "keys grow");
            Assert.That(low is null || Bytes.Order.Compare(low, key) <= 0, Is.True, "keys are within their parent's bounds");
            Assert.That(high is null || Bytes.Order.Compare(key, high) < 0, Is.True, "keys are within their parent's bounds");
            Assert.That(node.Rank(key, inclusive: false), Is.EqualTo(i), "the search index finds each key");
            Assert.That(node.Rank(key, inclusive: true), Is.EqualTo(i + 1));
        }

        (int Level, long Rows, long Bytes) found = node is Branch branch ? CheckChildren(branch, low, high) : Count((Leaf)node);
        Assert.That((node.RowCount, node.ByteCount), Is.EqualTo((found.Rows, found.Bytes)), "counts are exact");
        return found;
    }

    private static (int Level, long Rows, long Bytes) CheckChildren(Branch branch, byte[]? low, byte[]? high)
    {
        Assert.That(branch.KeyCount, Is.EqualTo(branch.Size - 1));
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

        Assert.That(levels, Has.Count.EqualTo(1), "all leaves are at one level");
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
