using FsCheck;
using FsCheck.Fluent;
using WsStorage.Core.Feed;

namespace WsStorage.Core.Tests.Feed;

/// <summary>What is kept in memory of the groups that were committed last.</summary>
[TestFixture]
public sealed class GroupTailTests
{
    [Test]
    public void It_keeps_as_much_as_it_may_and_finds_it_by_revision()
    {
        var sizes = Arb.From(Gen.Choose(1, 5).Zip(Gen.Choose(0, 400)).ListOf());
        Property property = Prop.ForAll(sizes, Arb.From(Gen.Choose(300, 3000)), (groups, maxBytes) =>
        {
            var tail = new GroupTail(new Revision(100), new ChangeFeedOptions { TailBytes = maxBytes });
            List<ChangeGroup> all = [];
            ulong next = 101;
            foreach ((int count, int length) in groups)
            {
                var group = new ChangeGroup(new Revision(next), count, 0, 0, new byte[length]);
                next += (ulong)count;
                all.Add(group);
                tail.Append(group);

                // As many of the last as fit, and the last in any case.
                int kept = 1;
                while (kept < all.Count && all.TakeLast(kept + 1).Sum(each => each.ByteCount) <= maxBytes)
                {
                    kept++;
                }

                Assert.That(tail.ByteCount, Is.EqualTo(all.TakeLast(kept).Sum(each => each.ByteCount)));
                Assert.That(tail.Start.Value, Is.EqualTo(all[^kept].First.Value - 1));
            }

            for (ulong after = 99; after < next - 1; after++)
            {
                List<ChangeGroup> taken = [];
                Assert.That(tail.TryTake(new Revision(after), int.MaxValue, taken), Is.EqualTo(after >= tail.Start.Value));
                Assert.That(taken, Is.EqualTo(after >= tail.Start.Value ? all.Where(each => each.Last.Value > after) : []));
            }
        });
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(300), property);
    }

    [Test]
    public void A_piece_ends_with_the_group_that_fills_it()
    {
        var tail = new GroupTail(Revision.None, new ChangeFeedOptions { TailBytes = 1 << 20 });
        for (ulong i = 1; i <= 10; i++)
        {
            tail.Append(new ChangeGroup(new Revision(i), 1, 0, 0, new byte[100]));
        }

        List<ChangeGroup> taken = [];
        Assert.That(tail.TryTake(new Revision(3), 300, taken), Is.True);
        Assert.That(taken.Select(group => group.First.Value), Is.EqualTo([4, 5]));
    }

    [Test]
    public void Cleared_it_begins_anew()
    {
        var tail = new GroupTail(Revision.None, new ChangeFeedOptions { TailBytes = 1 << 20 });
        tail.Append(new ChangeGroup(new Revision(1), 5, 0, 0, new byte[100]));
        tail.Clear(new Revision(9));
        Assert.That((tail.Start.Value, tail.ByteCount), Is.EqualTo((9ul, 0L)));
        Assert.That(tail.TryTake(new Revision(5), 100, []), Is.False);
        tail.Append(new ChangeGroup(new Revision(10), 1, 0, 0, new byte[100]));
        List<ChangeGroup> taken = [];
        Assert.That(tail.TryTake(new Revision(9), 100, taken), Is.True);
        Assert.That(taken.Single().First.Value, Is.EqualTo(10));
    }

    [Test]
    public void Shrunk_it_keeps_what_is_later_and_so_many_bytes_and_one_group()
    {
        var tail = new GroupTail(Revision.None, new ChangeFeedOptions { TailBytes = 1 << 20 });
        long one = new ChangeGroup(new Revision(1), 1, 0, 0, new byte[100]).ByteCount;
        for (ulong i = 1; i <= 10; i++)
        {
            tail.Append(new ChangeGroup(new Revision(i), 1, 0, 0, new byte[100]));
        }

        tail.Shrink(new Revision(10), 8 * one);
        Assert.That((tail.Start.Value, tail.ByteCount), Is.EqualTo((2ul, 8 * one)));
        tail.Shrink(new Revision(5), 0);
        Assert.That((tail.Start.Value, tail.ByteCount), Is.EqualTo((5ul, 5 * one)));
        tail.Shrink(new Revision(10), 0);
        Assert.That((tail.Start.Value, tail.ByteCount), Is.EqualTo((9ul, one)));
    }

    [Test]
    public void What_is_held_stays_up_to_a_bound()
    {
        Revision? held = new Revision(3);
        long one = new ChangeGroup(new Revision(1), 1, 0, 0, new byte[100]).ByteCount;
        var tail = new GroupTail(
            Revision.None, new ChangeFeedOptions { TailBytes = one, HeldTailBytes = 20 * one, HeldAfter = () => held });
        ulong next = 1;
        Append(5);

        Assert.That(tail.Start.Value, Is.EqualTo(3));

        Append(30);
        Assert.That(tail.Start.Value, Is.GreaterThan(3));
        Assert.That(tail.ByteCount, Is.EqualTo(20 * one));

        held = null;
        Append(1);
        Assert.That(tail.ByteCount, Is.EqualTo(one));

        void Append(int count)
        {
            for (int i = 0; i < count; i++)
            {
                tail.Append(new ChangeGroup(new Revision(next++), 1, 0, 0, new byte[100]));
            }
        }
    }

    [Test]
    public void Compacted_within_a_group_it_begins_at_that_revision()
    {
        var tail = new GroupTail(Revision.None, new ChangeFeedOptions());
        tail.Append(new ChangeGroup(new Revision(1), 5, 0, 0, new byte[100]));
        tail.Append(new ChangeGroup(new Revision(6), 5, 0, 0, new byte[100]));

        tail.RemoveThrough(new Revision(7));

        Assert.That(tail.Start.Value, Is.EqualTo(7));
        Assert.That(tail.TryTake(new Revision(6), 100, []), Is.False);
        List<ChangeGroup> taken = [];
        Assert.That(tail.TryTake(new Revision(7), 100, taken), Is.True);
        Assert.That(taken.Single().First.Value, Is.EqualTo(6));
    }
}
