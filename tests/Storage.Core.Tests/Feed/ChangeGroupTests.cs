using WsStorage.Core.Feed;

namespace WsStorage.Core.Tests.Feed;

[TestFixture]
public sealed class ChangeGroupTests
{
    private static readonly byte[] First = new WriteBatch().Put("a", "1").PackedOperations.ToArray();
    private static readonly byte[] Second = new WriteBatch().Remove("a").Put("b", "2").PackedOperations.ToArray();

    [Test]
    public void Its_batches_are_walked_with_their_revisions([Values] bool hasPrevious)
    {
        ChangeGroup group = Build(hasPrevious);
        Assert.That((group.First.Value, group.Last.Value, group.Count), Is.EqualTo((7ul, 8ul, 2)));
        Assert.That(group.CommitTime.ToUnixTimeMilliseconds(), Is.EqualTo(1234));
        ChangeBatches batches = group.Batches;
        Assert.That(batches.MoveNext(), Is.True);
        Assert.That(batches.Current.Revision.Value, Is.EqualTo(7));
        Assert.That(batches.Current.Operations.ToArray(), Is.EqualTo(First));
        Assert.That(batches.Current.Previous.ToArray(), Is.EqualTo(hasPrevious ? (byte[])[1] : []));
        Assert.That(batches.MoveNext(), Is.True);
        Assert.That(batches.Current.Operations.ToArray(), Is.EqualTo(Second));
        Assert.That(batches.Current.Previous.ToArray(), Is.EqualTo(hasPrevious ? (byte[])[0, 1] : []));
        Assert.That(batches.MoveNext(), Is.False);
    }

    [Test]
    public void The_hash_is_chained_from_any_batch_to_the_end([Values] bool hasPrevious)
    {
        ChangeGroup group = Build(hasPrevious);
        ulong first = ChainHash.Append(6, new Revision(7), First);
        ulong second = ChainHash.Append(first, new Revision(8), Second);
        Assert.That(group.Chain(new Revision(6), 6), Is.EqualTo(second));
        Assert.That(group.Chain(new Revision(7), first), Is.EqualTo(second));
        Assert.That(group.Chain(new Revision(7), first + 1), Is.Not.EqualTo(second));
    }

    [Test]
    public void A_group_that_is_cut_short_is_damaged()
    {
        ChangeGroup whole = Build(hasPrevious: false);
        var cut = new ChangeGroup(whole.First, 2, 0, 0, whole.Body[..^1]);
        StorageException? exception = Assert.Throws<StorageException>(() => cut.Chain(new Revision(6), 0));
        Assert.That(exception!.Code, Is.EqualTo(StorageErrorCode.Corrupt));
    }

    [Test]
    public void A_time_that_no_clock_shows_is_taken_as_the_nearest_there_is()
    {
        Assert.That(new ChangeGroup(new Revision(1), 1, long.MaxValue, 0, default).CommitTime.Year, Is.EqualTo(9999));
        Assert.That(new ChangeGroup(new Revision(1), 1, long.MinValue, 0, default).CommitTime.Year, Is.EqualTo(1));
    }

    private static ChangeGroup Build(bool hasPrevious)
    {
        var builder = new ChangeGroupBuilder(hasPrevious);
        builder.Append(First, [1]);
        builder.Append(Second, [0, 1]);
        return builder.Build(new Revision(8), 1234, 99);
    }
}
