using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using WsStorage.Core.Feed;
using WsStorage.Testing;

namespace WsStorage.Core.Tests.Feed;

/// <summary>The index of watched ranges, compared with a list that is looked through.</summary>
[TestFixture]
public sealed class RangeIndexTests
{
    private static readonly Gen<byte[]> Key = Gen.Choose(0, 3).SelectMany(length => Gen.Elements<byte>(0, 1, 2, 0xFF).ArrayOf(length));

    private static readonly Gen<KeyRange> Range = Gen.Frequency(
        (6, Key.Two().Select(pair => KeyRange.Between(pair.Item1, pair.Item2))),
        (2, Key.Select(key => KeyRange.Single(key))),
        (1, Key.Select(key => KeyRange.From(key))),
        (1, Gen.Constant(KeyRange.All)));

    [Test]
    public void It_finds_what_a_look_at_each_range_finds()
    {
        var cases = Arb.From(
            (from range in Range
             from removes in Gen.Frequency((2, Gen.Constant(false)), (1, Gen.Constant(true)))
             from which in Gen.Choose(0, 1000)
             select (range, removes, which)).ListOf());
        Property property = Prop.ForAll(cases, Arb.From(Range.ListOf()), (changes, searches) =>
        {
            var index = new RangeIndex<Item>();
            List<Item> items = [];
            foreach ((KeyRange range, bool removes, int which) in changes)
            {
                if (removes && items.Count > 0)
                {
                    Item removed = items[which % items.Count];
                    items.Remove(removed);
                    index.Remove(removed.Range, removed);
                }
                else
                {
                    var added = new Item(range);
                    items.Add(added);
                    index.Add(range, added);
                }
            }

            Assert.That(index.IsEmpty, Is.EqualTo(items.Count == 0));
            List<Item> all = [];
            index.CopyTo(all);
            Assert.That(all, Is.EquivalentTo(items));
            long search = 0;
            foreach (KeyRange range in searches)
            {
                List<IndexedRange<Item>> found = [];
                index.FindHolding(range.Start.Span, ++search, found);
                Assert.That(found.SelectMany(node => node.Items), Is.EquivalentTo(items.Where(item => item.Range.Contains(range.Start.Span))));
                found.Clear();
                if (!range.IsEmpty)
                {
                    index.FindMeeting(range.Start.Span, range.End.Span, ++search, found);
                    Assert.That(
                        found.SelectMany(node => node.Items).Where(item => !item.Range.IsEmpty),
                        Is.EquivalentTo(items.Where(item => item.Range.Overlaps(range))));
                }
            }
        });
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(2000), property);
    }

    [Test]
    public void A_range_that_was_found_is_not_found_again_in_the_same_search()
    {
        var index = new RangeIndex<Item>();
        index.Add(KeyRange.All, new Item(KeyRange.All));
        List<IndexedRange<Item>> found = [];
        index.FindHolding([1], 1, found);
        index.FindHolding([2], 1, found);
        index.FindMeeting([1], [], 1, found);
        Assert.That(found, Has.Count.EqualTo(1));
        index.FindHolding([1], 2, found);
        Assert.That(found, Has.Count.EqualTo(2));
    }

    [Test]
    public void Equal_ranges_share_one_node()
    {
        var index = new RangeIndex<Item>();
        Item[] items = [.. Enumerable.Range(0, 100).Select(_ => new Item(KeyRange.Prefix(new byte[] { 7 })))];
        foreach (Item item in items)
        {
            index.Add(item.Range, item);
        }

        List<IndexedRange<Item>> found = [];
        index.FindHolding([7, 1], 1, found);
        Assert.That(found.Single().Items, Is.EquivalentTo(items));
        foreach (Item item in items)
        {
            index.Remove(item.Range, item);
        }

        Assert.That(index.IsEmpty, Is.True);
    }

    [Test]
    public void Ten_thousand_ranges_that_do_not_match_cost_a_few_comparisons()
    {
        var looked = new Counter();
        var index = new RangeIndex<Item>();
        foreach (int i in Enumerable.Range(0, 10_000).OrderBy(i => (uint)i * 2654435761))
        {
            // Between the ranges there is a key that no range holds.
            var range = KeyRange.Between(looked.Count(Bytes.Numbered("k", 2 * i)), looked.Count(Bytes.Numbered("k", (2 * i) + 1)));
            index.Add(range, new Item(range));
        }

        List<IndexedRange<Item>> found = [];
        for (int i = 1; i < 20_000; i += 2)
        {
            looked.Value = 0;
            index.FindHolding(Bytes.Numbered("k", i), i, found);
            Assert.That(looked.Value, Is.InRange(1, 150));
        }

        Assert.That(found, Is.Empty);
    }

    private sealed class Item(KeyRange range) : IRangeIndexed
    {
        public KeyRange Range { get; } = range;

        public int Place { get; set; } = -1;
    }

    /// <summary>Counts how often the bytes that it has made are looked at.</summary>
    private sealed class Counter
    {
        public int Value { get; set; }

        public ReadOnlyMemory<byte> Count(byte[] bytes) => new Counted(this, bytes).Memory;

        private sealed class Counted(Counter counter, byte[] bytes) : MemoryManager<byte>
        {
            public override Span<byte> GetSpan()
            {
                counter.Value++;
                return bytes;
            }

            public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException("Nobody pins it.");

            public override void Unpin()
            {
            }

            protected override void Dispose(bool disposing)
            {
            }
        }
    }
}
