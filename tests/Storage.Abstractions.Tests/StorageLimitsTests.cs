namespace WsStorage.Tests;

[TestFixture]
public sealed class StorageLimitsTests
{
    [Test]
    public void The_defaults_are_valid() => Assert.That(StorageLimits.Default.Validate, Throws.Nothing);

    [TestCase(0, 1_000_000, "at least 1")]
    [TestCase(-1, 1_000_000, "at least 1")]
    [TestCase(1, (1 << 30) + 1, "at most 1 GiB")]
    [TestCase(1000, 1000, "it must be at least 66600")]
    [TestCase(1000, 66_599, "it must be at least 66600")]
    [TestCase(int.MaxValue, 1 << 30, "it must be at least")]
    [TestCase(1000, int.MinValue, "it must be at least 66600")]
    public void Contradictions_are_refused_with_the_bound(int maxValueBytes, int maxBatchBytes, string says)
    {
        StorageException exception = Assert.Throws<StorageException>(new StorageLimits(maxValueBytes, maxBatchBytes).Validate)!;
        Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(exception.Message, Does.Contain(says));
    }

    [Test]
    public void The_smallest_batch_limit_has_room_for_the_largest_put()
    {
        var limits = new StorageLimits(1000, 66_600);
        limits.Validate();
        WriteBatch largest = new WriteBatch().Put(new byte[StorageLimits.MaxKeyBytes], new byte[1000]);
        Assert.That(() => limits.Check(largest), Throws.Nothing);
    }

    [Test]
    public void Write_results_say_what_happened()
    {
        Assert.That(WriteResult.AppliedAt(new Revision(5)).EnsureApplied(), Is.EqualTo(new Revision(5)));
        WriteResult refused = WriteResult.RefusedAt(new Revision(5), 2);
        Assert.That((refused.Applied, refused.FailedPrecondition, refused.Revision), Is.EqualTo((false, 2, new Revision(5))));
        StorageException exception = Assert.Throws<StorageException>(() => refused.EnsureApplied())!;
        Assert.That((exception.Code, exception.Outcome), Is.EqualTo((StorageErrorCode.PreconditionFailed, WriteOutcome.NotApplied)));
        Assert.That(() => WriteResult.RefusedAt(default, -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }
}
