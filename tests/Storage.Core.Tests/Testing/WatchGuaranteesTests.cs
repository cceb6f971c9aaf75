using NUnit.Framework.Internal;
using WsStorage.Testing;

namespace WsStorage.Core.Tests.Testing;

/// <summary>The checker of what watches tell finds what it looks for.</summary>
[TestFixture]
public sealed class WatchGuaranteesTests
{
    private static readonly WatchOptions Options = new() { Range = KeyRange.Prefix("k") };

    private readonly CommittedHistory _committed = new();
    private List<ToldEvent> _told = null!;

    [OneTimeSetUp]
    public void Commit()
    {
        _committed.Add(new Revision(1), [Put("k1"), Put("k2"), Put("other")]);
        _committed.Add(new Revision(2), [Put("other")]);
        _committed.Add(new Revision(3), [Put("k3"), new ModelOperation(BatchOperationKind.RemoveRange, [], Bytes.Of("k2"))]);
        _committed.Add(new Revision(4), [Put("k4")]);
    }

    [SetUp]
    public void Tell() => _told =
    [
        Mark(0), Changes(1, Put("k1"), Put("k2")), Mark(2),
        Changes(3, Put("k3"), new ModelOperation(BatchOperationKind.RemoveRange, Bytes.Of("k"), Bytes.Of("k2"))), Changes(4, Put("k4")),
    ];

    [Test]
    public void What_is_right_is_taken()
    {
        Checker.CheckAll();
        Checker.CheckResumable(2, [Mark(2), .. _told[3..]]);
    }

    [Test]
    public void Ordered_finds_a_revision_that_goes_back()
    {
        (_told[3], _told[4]) = (_told[4], _told[3]);
        AssertFound(() => Checker.CheckOrdered(), "Ordered");
    }

    [Test]
    public void Unique_finds_a_batch_told_twice()
    {
        _told.Insert(2, _told[1]);
        AssertFound(() => Checker.CheckUnique(), "Unique");
    }

    [Test]
    public void Atomic_finds_a_batch_told_in_part()
    {
        _told[1] = Changes(1, Put("k1"));
        AssertFound(() => Checker.CheckAtomic(), "Atomic");
    }

    [Test]
    public void Atomic_finds_a_batch_out_of_its_order()
    {
        _told[1] = Changes(1, Put("k2"), Put("k1"));
        AssertFound(() => Checker.CheckAtomic(), "Atomic");
    }

    [Test]
    public void Reliable_finds_a_batch_left_out()
    {
        _told.RemoveAt(3);
        AssertFound(() => Checker.CheckReliable(), "Reliable");
    }

    [Test]
    public void Filtered_finds_what_is_not_of_the_range()
    {
        _told.Insert(2, Changes(2, Put("other")));
        AssertFound(() => Checker.CheckFiltered(), "Filtered");
        _told.RemoveAt(2);
        _told[3] = Changes(3, Put("k3"), new ModelOperation(BatchOperationKind.RemoveRange, [], Bytes.Of("k2")));
        AssertFound(() => Checker.CheckFiltered(), "Filtered");
    }

    [Test]
    public void Bookmarkable_finds_a_mark_that_is_too_far()
    {
        _told[2] = Mark(3);
        AssertFound(() => Checker.CheckBookmarkable(), "Bookmarkable");
    }

    [Test]
    public void Resumable_finds_a_batch_told_again_or_left_out()
    {
        AssertFound(() => Checker.CheckResumable(2, [Mark(2), .. _told[1..]]), "Resumable");
        AssertFound(() => Checker.CheckResumable(2, [Mark(2), .. _told[4..]]), "Resumable");
        AssertFound(() => Checker.CheckResumable(2, [Mark(3), .. _told[3..]]), "Resumable");
    }

    private WatchGuarantees Checker => new(_committed, Options, _told);

    private static ModelOperation Put(string key) => new(BatchOperationKind.Put, Bytes.Of(key), [1]);

    private static ToldEvent Mark(ulong revision) => new(WatchEventKind.Progress, At(revision), default, []);

    private static ToldEvent Changes(ulong revision, params ModelOperation[] operations) => new(
        WatchEventKind.Changes, At(revision), default, [.. operations.Select(each => new ToldChange(each, PreviousValueKind.Unknown, null))]);

    private static Position At(ulong revision) => new(Guid.Empty, new Revision(revision), revision);

    private static void AssertFound(Action check, string guarantee)
    {
        string? message = null;
        using (new TestExecutionContext.IsolatedContext())
        {
            try
            {
                check();
            }
            catch (AssertionException e)
            {
                message = e.Message;
            }
        }

        Assert.That(message, Does.Contain($"{guarantee}"));
    }
}
