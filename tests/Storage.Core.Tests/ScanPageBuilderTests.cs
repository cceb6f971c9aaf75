using WsStorage.Testing;

namespace WsStorage.Core.Tests;

[TestFixture]
public sealed class ScanPageBuilderTests
{
    [Test]
    public void A_page_is_full_with_the_row_that_reaches_its_size()
    {
        var builder = new ScanPageBuilder(new ScanOptions { PageBytes = 1024 }, new Revision(7));
        Assert.That(builder.IsEmpty, Is.True);
        builder.Append(Bytes.Of("a"), new byte[1019]);
        Assert.That(builder.IsFull, Is.False, "1 + 1 + 2 + 1,019 bytes are one short");
        builder.Append(default, default);
        Assert.That(builder.IsFull, Is.True);

        ScanPage page = builder.TakePage();
        Assert.That(page.Revision, Is.EqualTo(new Revision(7)));
        Assert.That(page.Count, Is.EqualTo(2));
        Assert.That(page.Rows.Length, Is.EqualTo(1025));
        Assert.That(builder.IsFull, Is.False);
        Assert.That(builder.IsEmpty, Is.True);
    }

    [Test]
    public void The_limit_counts_over_pages()
    {
        var builder = new ScanPageBuilder(new ScanOptions { Limit = 3 }, Revision.None);
        builder.Append(Bytes.Of("a"), default);
        builder.Append(Bytes.Of("b"), default);
        Assert.That(builder.TakePage().Count, Is.EqualTo(2));
        Assert.That(builder.LimitReached, Is.False);
        builder.Append(Bytes.Of("c"), default);
        Assert.That(builder.LimitReached, Is.True);
        Assert.That(builder.IsFull, Is.True);
        Assert.That(builder.TakePage().Count, Is.EqualTo(1));
        Assert.That(builder.IsFull, Is.True, "no row may follow");
    }

    [Test]
    public void Rows_of_any_length_are_read_back([Values] bool keysOnly)
    {
        var builder = new ScanPageBuilder(new ScanOptions { KeysOnly = keysOnly, PageBytes = 2048 }, Revision.None);
        foreach (int length in new[] { 0, 1, 127, 128, 900, 2000, 16_384, 300_000, 5 })
        {
            byte[] key = Bytes.Noise(Math.Min(length, 1000));
            byte[] value = Bytes.Noise(length, seed: 2);
            builder.Append(key, value);
            List<ScanPage.Row> rows = [];
            foreach (ScanPage.Row row in builder.TakePage())
            {
                rows.Add(row);
            }

            Assert.That(rows.Single().Key.ToArray(), Is.EqualTo(key));
            Assert.That(rows.Single().Value.Span.SequenceEqual(keysOnly ? [] : value), Is.True);
        }
    }
}
