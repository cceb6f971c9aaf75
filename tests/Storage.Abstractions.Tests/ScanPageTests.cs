using WsStorage.Testing;

namespace WsStorage.Tests;

[TestFixture]
public sealed class ScanPageTests
{
    // "a" = "1", "" = "", "bc" = 128 bytes of zero.
    private static readonly byte[] Rows = [0x01, 0x61, 0x01, 0x31, 0x00, 0x00, 0x02, 0x62, 0x63, 0x80, 0x01, .. new byte[128]];

    [Test]
    public void Rows_are_walked_in_order_as_slices_of_the_page()
    {
        var page = new ScanPage(new Revision(3), 3, Rows);
        List<string> rows = [];
        foreach (ScanPage.Row row in page)
        {
            Assert.That(row.Key.Span.Overlaps(Rows) || row.Key.IsEmpty, Is.True);
            rows.Add($"{Bytes.Show(row.Key.ToArray())}={row.Value.Length}");
        }

        Assert.That(rows, Is.EqualTo(["\"a\"=1", "\"\"=0", "\"bc\"=128"]));
    }

    [Test]
    public void A_page_cut_short_anywhere_within_a_row_is_refused()
    {
        int[] whole = [0, 4, 6, Rows.Length];
        for (int cut = 0; cut <= Rows.Length; cut++)
        {
            Assert.That(() => Walk(Rows[..cut]), whole.Contains(cut) ? Throws.Nothing : Throws.TypeOf<FormatException>());
        }
    }

    [TestCase("FFFFFFFF07")]
    [TestCase("FFFFFFFFFFFFFFFFFF01")]
    [TestCase("0161FFFFFFFF0F")]
    [TestCase("8000")]
    public void Hostile_lengths_are_refused(string hex)
    {
        Assert.That(() => Walk(Bytes.Hex(hex)), Throws.TypeOf<FormatException>());
    }

    private static int Walk(byte[] rows)
    {
        int bytes = 0;
        foreach (ScanPage.Row row in new ScanPage(default, 0, rows))
        {
            bytes += row.Key.Length + row.Value.Length;
        }

        return bytes;
    }
}
