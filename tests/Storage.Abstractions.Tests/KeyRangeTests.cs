using FsCheck;
using FsCheck.Fluent;
using WsStorage.Testing;

namespace WsStorage.Tests;

[TestFixture]
public sealed class KeyRangeTests
{
    private static readonly Gen<byte[]> Key =
        Gen.Choose(0, 4).SelectMany(length => Gen.Elements<byte>(0x00, 0x01, 0x61, 0xFE, 0xFF).ArrayOf(length));

    [Test]
    public void A_prefix_contains_exactly_the_keys_that_begin_with_it()
    {
        Properties.Hold(
            Key.Two().ToArbitrary(),
            pair => Assert.That(KeyRange.Prefix(pair.Item1).Contains(pair.Item2), Is.EqualTo(pair.Item2.AsSpan().StartsWith(pair.Item1))),
            cases: 3000);
    }

    [Test]
    public void A_single_contains_exactly_its_key()
    {
        Properties.Hold(
            Key.Two().ToArbitrary(),
            pair => Assert.That(KeyRange.Single(pair.Item1).Contains(pair.Item2), Is.EqualTo(pair.Item2.AsSpan().SequenceEqual(pair.Item1))),
            cases: 3000);
    }

    [Test]
    public void Between_contains_its_start_and_not_its_end()
    {
        Properties.Hold(
            Key.Three().ToArbitrary(),
            keys =>
            {
                (byte[] start, byte[] end, byte[] key) = keys;
                bool within = Bytes.Order.Compare(start, key) <= 0 && (end.Length == 0 || Bytes.Order.Compare(key, end) < 0);
                var range = KeyRange.Between(start, end);
                Assert.That(range.Contains(key), Is.EqualTo(within));
                Assert.That(range.IsEmpty && within, Is.False, "an empty range contains nothing");
                Assert.That(range.IsEmpty, Is.EqualTo(end.Length > 0 && Bytes.Order.Compare(start, end) >= 0));
            },
            cases: 3000);
    }

    [TestCase("", "", "")]
    [TestCase("61", "61", "62")]
    [TestCase("61FF", "61FF", "62")]
    [TestCase("61FFFF", "61FFFF", "62")]
    [TestCase("00", "00", "01")]
    [TestCase("FE", "FE", "FF")]
    [TestCase("FF", "FF", "")]
    [TestCase("FFFF", "FFFF", "")]
    [TestCase("FF61", "FF61", "FF62")]
    public void The_bounds_of_a_prefix(string prefix, string start, string end)
    {
        var range = KeyRange.Prefix(Bytes.Hex(prefix));
        Assert.That(Convert.ToHexString(range.Start.Span), Is.EqualTo(start));
        Assert.That(Convert.ToHexString(range.End.Span), Is.EqualTo(end));
    }

    [Test]
    public void All_from_and_the_default()
    {
        Assert.That(KeyRange.All.Contains(default), Is.True);
        Assert.That(KeyRange.All.Contains("x"u8), Is.True);
        Assert.That(KeyRange.All.IsEmpty, Is.False);
        Assert.That(default(KeyRange), Is.EqualTo(KeyRange.All));
        Assert.That(KeyRange.Prefix(""), Is.EqualTo(KeyRange.All));
        Assert.That(KeyRange.Prefix("é"), Is.EqualTo(KeyRange.Between(Bytes.Hex("C3A9"), Bytes.Hex("C3AA"))));
        Assert.That(KeyRange.From(Bytes.Of("b")).Contains("a"u8), Is.False);
        Assert.That(KeyRange.From(Bytes.Of("b")).Contains("b"u8), Is.True);
        Assert.That(KeyRange.From(Bytes.Of("b")).Contains([0xFF, 0xFF]), Is.True);
    }

    [Test]
    public void Ranges_are_equal_by_their_bounds()
    {
        var range = KeyRange.Between(Bytes.Of("a"), Bytes.Of("b"));
        var same = KeyRange.Between(Bytes.Of("a"), Bytes.Of("b"));
        Assert.That(range == same, Is.True);
        Assert.That(range.Equals((object)same), Is.True);
        Assert.That(range.GetHashCode(), Is.EqualTo(same.GetHashCode()));
        Assert.That(range != KeyRange.From(Bytes.Of("a")), Is.True);
        Assert.That(range != KeyRange.Between(default, Bytes.Of("b")), Is.True);
        Assert.That(range.Equals("a"), Is.False);
    }

    [Test]
    public void An_intersection_contains_exactly_the_keys_of_both()
    {
        Properties.Hold(
            (from ends in Key.Four() from key in Key select (ends, key)).ToArbitrary(),
            given =>
            {
                KeyRange left = KeyRange.Between(given.ends.Item1, given.ends.Item2);
                KeyRange right = KeyRange.Between(given.ends.Item3, given.ends.Item4);
                bool inBoth = left.Contains(given.key) && right.Contains(given.key);
                Assert.That(left.Intersect(right).Contains(given.key), Is.EqualTo(inBoth));
                Assert.That(!inBoth || left.Overlaps(right), Is.True);
                Assert.That(left.Overlaps(right), Is.EqualTo(right.Overlaps(left)));
            },
            cases: 3000);
    }
}
