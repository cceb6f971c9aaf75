using WsStorage.Testing;

namespace WsStorage.Tests;

[TestFixture]
public sealed class WatchEventTests
{
    private static readonly Position Position = new(Guid.NewGuid(), new Revision(7), 9);

    [Test]
    public void Changes_are_slices_of_the_event_in_order()
    {
        WriteBatch batch = new WriteBatch().Put("a", "1").Remove("b").RemoveRange(KeyRange.Prefix("log/")).Put("c", "");
        byte[] previous = [2, 1, (byte)'0', 1, 0, 1];

        WatchEvent watched = WatchEvent.Changes(Position, DateTimeOffset.UnixEpoch, batch.PackedOperations.ToArray(), previous);

        Assert.That(
            Describe(watched),
            Is.EqualTo(["Put a 1, Value 0", "Remove b , Absent ", "RemoveRange log/ log0, Unknown ", "Put c , Absent "]));
        Assert.That((watched.Kind, watched.Position, watched.Revision), Is.EqualTo((WatchEventKind.Changes, Position, Position.Revision)));
    }

    [Test]
    public void Without_previous_values_all_are_unknown()
    {
        WatchEvent watched = WatchEvent.Changes(Position, default, new WriteBatch().Put("a", "1").Remove("b").PackedOperations.ToArray());

        Assert.That(Describe(watched), Is.EqualTo(["Put a 1, Unknown ", "Remove b , Unknown "]));
    }

    [Test]
    public void A_change_says_its_range()
    {
        WriteBatch batch = new WriteBatch().Put("a", "1").RemoveRange(KeyRange.Prefix("log/"));
        var ranges = new List<KeyRange>();
        foreach (Change change in WatchEvent.Changes(Position, default, batch.PackedOperations.ToArray()))
        {
            ranges.Add(change.ToRange());
        }

        Assert.That(ranges, Is.EqualTo([KeyRange.Single(Bytes.Of("a")), KeyRange.Prefix("log/")]));
    }

    [Test]
    public void Marks_and_invalidations_hold_no_change()
    {
        Assert.That(Describe(WatchEvent.Progress(Position)), Is.Empty);
        Assert.That(WatchEvent.Progress(Position).InvalidatedRanges, Is.Empty);
        WatchEvent invalidation = WatchEvent.Invalidation(Position, [KeyRange.All]);
        Assert.That(Describe(invalidation), Is.Empty);
        Assert.That(invalidation.InvalidatedRanges, Is.EqualTo([KeyRange.All]));
    }

    [Test]
    public void A_damaged_event_is_told_of([Values("02", "0205", "09", "0101")] string hex)
    {
        byte[] damaged = Convert.FromHexString(hex);

        Assert.That(() => Describe(WatchEvent.Changes(Position, default, damaged)), Throws.TypeOf<FormatException>());
    }

    [Test]
    public void A_damaged_previous_value_is_told_of([Values("03", "0205")] string hex)
    {
        byte[] operations = new WriteBatch().Remove("a").PackedOperations.ToArray();

        Assert.That(
            () => Describe(WatchEvent.Changes(Position, default, operations, Convert.FromHexString(hex))), Throws.TypeOf<FormatException>());
    }

    [TestCase(99)]
    [TestCase(86_400_001)]
    public void An_interval_out_of_bounds_is_refused(int milliseconds)
    {
        var options = new WatchOptions { ProgressInterval = TimeSpan.FromMilliseconds(milliseconds) };

        StorageException exception = Assert.Throws<StorageException>(options.Validate)!;

        Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
    }

    private static List<string> Describe(WatchEvent watched)
    {
        var changes = new List<string>();
        foreach (Change change in watched)
        {
            changes.Add($"{change.Kind} {Text(change.Key)} {Text(change.Value)}, {change.PreviousKind} {Text(change.Previous)}");
        }

        return changes;
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes.Span);
}
