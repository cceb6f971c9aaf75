namespace WsStorage.WsServer.Tests;

public class InvalidatedRangesTests
{
    [Test]
    public void Ranges_are_put_in_order_and_those_that_overlap_become_one()
    {
        KeyRange[] ranges = [Range(5, 9), Range(1, 3), Range(2, 4), Range(8, 8), Range(6, 7)];
        Assert.That(InvalidatedRanges.Of(ranges).Within(KeyRange.All), Is.EqualTo(new[] { Range(1, 4), Range(5, 9) }));
    }

    [Test]
    public void A_range_without_an_end_takes_in_all_after_it()
    {
        KeyRange[] ranges = [Range(7, 9), KeyRange.From(new byte[] { 5 }), Range(1, 2)];
        Assert.That(
            InvalidatedRanges.Of(ranges).Within(KeyRange.All),
            Is.EqualTo(new[] { Range(1, 2), KeyRange.From(new byte[] { 5 }) }));
        Assert.That(InvalidatedRanges.Of([KeyRange.All, Range(3, 4)]).Within(Range(8, 9)), Is.EqualTo(new[] { KeyRange.All }));
    }

    [Test]
    public void A_watch_of_nothing_and_ranges_of_nothing_concern_nobody()
    {
        Assert.That(InvalidatedRanges.Of([KeyRange.All]).Within(Range(4, 4)), Is.Empty);
        Assert.That(InvalidatedRanges.Of([Range(4, 4), Range(5, 3)]).Within(KeyRange.All), Is.Empty);
    }

    [Test]
    public void What_is_found_by_search_is_what_a_look_at_each_finds()
    {
        var random = new Random(20260101);
        for (int round = 0; round < 2000; round++)
        {
            KeyRange[] ranges = [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => RandomRange(random))];
            KeyRange watched = RandomRange(random);
            IReadOnlyList<KeyRange> told = InvalidatedRanges.Of(ranges).Within(watched);
            for (byte key = 0; key < 30; key++)
            {
                byte[] bytes = [key];
                bool isDue = watched.Contains(bytes) && ranges.Any(range => range.Contains(bytes));
                Assert.That(
                    watched.Contains(bytes) && told.Any(range => range.Contains(bytes)), Is.EqualTo(isDue), $"round {round}, key {key}");
                Assert.That(
                    told.Any(range => range.Contains(bytes)), Is.AnyOf(false, ranges.Any(range => range.Contains(bytes))), "no key was added");
            }

            Assert.That(told, Has.All.Matches<KeyRange>(range => range.Overlaps(watched)), $"round {round}");
        }
    }

    private static KeyRange RandomRange(Random random) => random.Next(8) switch
    {
        0 => KeyRange.From(new[] { (byte)random.Next(20) }),
        1 => KeyRange.Between(default, new[] { (byte)random.Next(1, 20) }),
        _ => Range((byte)random.Next(20), (byte)random.Next(1, 20)),
    };

    private static KeyRange Range(byte start, byte end) => KeyRange.Between(new[] { start }, new[] { end });
}
