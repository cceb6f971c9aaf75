namespace WsStorage.Tests;

[TestFixture]
public sealed class PositionTests
{
    private const string Text = "0f8fad5b-d9cb-469f-a165-70867728950e/42/00000000deadbeef";

    [Test]
    public void Its_text_is_read_back()
    {
        Assert.That(Position.TryParse(Text, out Position position), Is.True);
        Assert.That(position, Is.EqualTo(new Position(Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"), new Revision(42), 0xDEADBEEF)));
        Assert.That(position.ToString(), Is.EqualTo(Text));
    }

    [Test]
    public void The_extremes_are_read_back()
    {
        foreach (var position in new[] { default, new Position(Guid.NewGuid(), new Revision(ulong.MaxValue), ulong.MaxValue) })
        {
            Assert.That(Position.TryParse(position.ToString(), out Position read), Is.True);
            Assert.That(read, Is.EqualTo(position));
        }
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("//")]
    [TestCase("42")]
    [TestCase("0f8fad5b-d9cb-469f-a165-70867728950e/42")]
    [TestCase("0f8fad5b-d9cb-469f-a165-70867728950e/42/00000000deadbeef/")]
    [TestCase("0f8fad5b-d9cb-469f-a165-70867728950e/-1/00000000deadbeef")]
    [TestCase("0f8fad5b-d9cb-469f-a165-70867728950e/+1/00000000deadbeef")]
    [TestCase("0f8fad5b-d9cb-469f-a165-70867728950e/ 1/00000000deadbeef")]
    [TestCase("0f8fad5b-d9cb-469f-a165-70867728950e/18446744073709551616/00000000deadbeef")]
    [TestCase("0f8fad5b-d9cb-469f-a165-70867728950e/42/0x00000000deadbe")]
    [TestCase("0f8fad5b-d9cb-469f-a165-70867728950e/42/1000000000000000f")]
    [TestCase("0f8fad5b-d9cb-469f-a165-70867728950e/42/xyz")]
    [TestCase("{0f8fad5b-d9cb-469f-a165-70867728950e}/42/00000000deadbeef")]
    public void Anything_else_is_refused(string? text)
    {
        Assert.That(Position.TryParse(text, out Position position), Is.False);
        Assert.That(position, Is.Default);
    }

    [Test]
    public void Revisions_are_ordered_and_count_up()
    {
        Assert.That(Revision.None.Next, Is.EqualTo(new Revision(1)));
        Assert.That(new Revision(9) < new Revision(10), Is.True);
        Assert.That(new Revision(10) > new Revision(9), Is.True);
        Assert.That(new Revision(10) <= new Revision(10) && new Revision(10) >= new Revision(10), Is.True);
        Assert.That(new Revision(9).CompareTo(new Revision(10)), Is.Negative);
        Assert.That(new Revision(12345).ToString(), Is.EqualTo("12345"));
        Assert.That(() => new Revision(ulong.MaxValue).Next, Throws.TypeOf<OverflowException>());
    }
}
