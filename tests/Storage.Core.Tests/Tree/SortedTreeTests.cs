using FsCheck;
using FsCheck.Fluent;
using WsStorage.Core.Tree;
using WsStorage.Testing;

namespace WsStorage.Core.Tests.Tree;

[TestFixture]
public sealed class SortedTreeTests
{
    [Test]
    public void Random_changes_keep_the_tree_in_order_and_pinned_roots_as_they_were()
    {
        Property property = Prop.ForAll(TreeChange.Sequences, changes =>
        {
            var tree = new SortedTree();
            var model = new SortedDictionary<byte[], byte[]>(Bytes.Order);
            List<(Node Root, List<(byte[] Key, byte[] Value)> Rows)> pinned = [];
            foreach (TreeChange change in changes)
            {
                change.ApplyTo(tree, model);
                if (change.Kind == TreeChangeKind.Pin)
                {
                    pinned.Add((tree.Pin(), [.. model.Select(row => (row.Key, row.Value))]));
                }
            }

            TreeInspector.Check(tree.Root);
            AssertRows(TreeInspector.Rows(tree.Root), [.. model.Select(row => (row.Key, row.Value))]);
            foreach ((Node root, List<(byte[] Key, byte[] Value)> rows) in pinned)
            {
                TreeInspector.Check(root);
                AssertRows(TreeInspector.Rows(root), rows);
            }
        });
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(60).WithEndSize(15), property);
    }

    [Test]
    public void A_large_tree_finds_what_is_there_and_nothing_else()
    {
        SortedTree tree = Filled(50_000, step: 2);
        TreeInspector.Check(tree.Root);
        IEnumerable<int> found = Enumerable.Range(0, 50_000).Where(i => !SortedTree.Find(tree.Root, Bytes.Numbered("key/", i)).IsAbsent);
        Assert.That(found, Is.EqualTo(Enumerable.Range(0, 25_000).Select(i => i * 2)));

        Assert.That(SortedTree.Find(tree.Root, default).IsAbsent, Is.True);
        Assert.That(SortedTree.Find(tree.Root, "key/"u8).IsAbsent, Is.True);
        Assert.That(SortedTree.Find(tree.Root, "kex/000002"u8).IsAbsent, Is.True);
        Assert.That(SortedTree.Find(tree.Root, "kez/000002"u8).IsAbsent, Is.True);
        Assert.That(SortedTree.Find(tree.Root, "key/0000020"u8).IsAbsent, Is.True);
    }

    [TestCase(0, 50_000)]
    [TestCase(1, 49_999)]
    [TestCase(12_345, 12_345)]
    [TestCase(12_345, 12_346)]
    [TestCase(12_345, 12_400)]
    [TestCase(10_000, 40_000)]
    [TestCase(0, 25_000)]
    [TestCase(25_000, 60_000)]
    [TestCase(60_000, 70_000)]
    public void A_cursor_walks_exactly_the_range_both_ways(int from, int to)
    {
        SortedTree tree = Filled(50_000, step: 3);
        var range = KeyRange.Between(Bytes.Numbered("key/", from), Bytes.Numbered("key/", to));
        string[] expected = [.. Enumerable.Range(0, 50_000).Where(i => i % 3 == 0 && i >= from && i < to).Select(i => $"key/{i:d6}")];
        Assert.That(TreeInspector.Rows(tree.Root, range).Select(row => new Entry(row.Key, row.Value).KeyText), Is.EqualTo(expected));
        Assert.That(
            TreeInspector.Rows(tree.Root, range, reverse: true).Select(row => new Entry(row.Key, row.Value).KeyText),
            Is.EqualTo(expected.Reverse()));
    }

    [Test]
    public void Rows_put_in_order_fill_their_leaves()
    {
        SortedTree tree = Filled(Node.Capacity * 10, step: 1);
        Assert.That(tree.Root.Size, Is.EqualTo(10));
    }

    [Test]
    public void A_tree_that_loses_most_of_its_rows_merges_what_is_left([Values] bool shuffled)
    {
        const int rows = 60_000;
        SortedTree tree = Filled(rows, step: 1);
        int[] removed = [.. Enumerable.Range(0, rows).Where(i => i % 50 != 0)];
        if (shuffled)
        {
            new Random(1).Shuffle(removed);
        }

        for (int i = 0; i < removed.Length; i++)
        {
            tree.Remove(Bytes.Numbered("key/", removed[i]));
            if (i % 9000 == 0)
            {
                TreeInspector.Check(tree.Root);
            }
        }

        TreeInspector.Check(tree.Root);
        Assert.That(
            TreeInspector.Rows(tree.Root).Select(row => new Entry(row.Key, row.Value).KeyText),
            Is.EqualTo(Enumerable.Range(0, rows / 50).Select(i => $"key/{i * 50:d6}")));
        int leaves = TreeInspector.CountLeaves(tree.Root);
        Assert.That(leaves, Is.LessThanOrEqualTo(rows / 50 / Node.Small * 2), "leaves are merged");
        Assert.That(tree.Root.Size, Is.EqualTo(leaves), "one level above the leaves is enough");
    }

    [Test]
    public void Changes_happen_in_place_until_a_root_is_pinned()
    {
        SortedTree tree = Filled(1000, step: 1);
        Node before = tree.Root;
        tree.Put(Row.Create("key/000500"u8, "new"u8));
        Assert.That(tree.Root, Is.SameAs(before));

        Node pinned = tree.Pin();
        tree.Put(Row.Create("key/000500"u8, "newer"u8));
        Assert.That(tree.Root, Is.Not.SameAs(pinned));
        Assert.That(SortedTree.Find(pinned, "key/000500"u8).Value.ToArray(), Is.EqualTo("new"u8.ToArray()));
        Node copied = tree.Root;
        tree.Put(Row.Create("key/000500"u8, "newest"u8));
        Assert.That(tree.Root, Is.SameAs(copied), "one copy for one pin");
    }

    [Test]
    public void An_emptied_tree_takes_rows_again()
    {
        SortedTree tree = Filled(20_000, step: 1);
        Node pinned = tree.Pin();
        tree.RemoveRange(default, default);
        TreeInspector.Check(tree.Root);
        Assert.That(tree.Root.RowCount, Is.Zero);
        Assert.That(tree.Root.ByteCount, Is.Zero);
        tree.Put(Row.Create("a"u8, "1"u8));
        Assert.That(tree.Root.RowCount, Is.EqualTo(1));
        Assert.That(pinned.RowCount, Is.EqualTo(20_000));
        Assert.That(new SortedTree().Root.RowCount, Is.Zero, "the shared empty tree is never changed");
    }

    private static SortedTree Filled(int count, int step)
    {
        var tree = new SortedTree();
        for (int i = 0; i < count; i += step)
        {
            tree.Put(Row.Create(Bytes.Numbered("key/", i), "value"u8));
        }

        return tree;
    }

    private static void AssertRows(List<(byte[] Key, byte[] Value)> rows, List<(byte[] Key, byte[] Value)> expected)
    {
        // NUnit's comparison of long lists of arrays is too slow to use for each.
        bool same = rows.Count == expected.Count
            && rows.Zip(expected).All(pair => pair.First.Key.AsSpan().SequenceEqual(pair.Second.Key) && pair.First.Value.AsSpan().SequenceEqual(pair.Second.Value));
        Assert.That(same, Is.True, $"{rows.Count} rows are not the {expected.Count} expected");
    }
}
