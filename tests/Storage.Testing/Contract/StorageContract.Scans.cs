namespace WsStorage.Testing;

public abstract partial class StorageContract
{
    /// <summary>Keys in the order of a storage, chosen for the mistakes that can be made with it.</summary>
    private static readonly byte[][] OrderedKeys =
    [
        .. new[] { "", "00", "0000", "0001", "00FF", "01", "61", "6100", "6161", "6162", "61FF", "61FFFF", "62", "7F", "80", "FE", "FEFF", "FF", "FF00", "FFFE", "FFFF", "FFFFFF" }
            .Select(Bytes.Hex),
    ];

    private static IEnumerable<TestCaseData> Ranges()
    {
        yield return Case("all", KeyRange.All);
        yield return Case("the empty prefix", KeyRange.Prefix(""));
        yield return Case("prefix 61", KeyRange.Prefix(Bytes.Hex("61")));
        yield return Case("prefix 61FF", KeyRange.Prefix(Bytes.Hex("61FF")));
        yield return Case("prefix 00", KeyRange.Prefix(Bytes.Hex("00")));
        yield return Case("prefix FF", KeyRange.Prefix(Bytes.Hex("FF")));
        yield return Case("prefix FFFF", KeyRange.Prefix(Bytes.Hex("FFFF")));
        yield return Case("prefix without keys", KeyRange.Prefix(Bytes.Hex("6363")));
        yield return Case("from 62 on", KeyRange.From(Bytes.Hex("62")));
        yield return Case("from after the last key on", KeyRange.From(Bytes.Hex("FFFFFFFF")));
        yield return Case("up to 62", KeyRange.Between(default, Bytes.Hex("62")));
        yield return Case("up to the second key", KeyRange.Between(default, Bytes.Hex("00")));
        yield return Case("61 to 62", KeyRange.Between(Bytes.Hex("61"), Bytes.Hex("62")));
        yield return Case("between keys", KeyRange.Between(Bytes.Hex("6000"), Bytes.Hex("6163")));
        yield return Case("between two neighbours", KeyRange.Between(Bytes.Hex("63"), Bytes.Hex("64")));
        yield return Case("one key", KeyRange.Single(Bytes.Hex("61FF")));
        yield return Case("the empty key", KeyRange.Single(default));
        yield return Case("empty", KeyRange.Between(Bytes.Hex("61"), Bytes.Hex("61")));
        yield return Case("inverted", KeyRange.Between(Bytes.Hex("80"), Bytes.Hex("61")));

        static TestCaseData Case(string name, KeyRange range) => new TestCaseData(range).SetArgDisplayNames(name);
    }

    [Test]
    public async Task A_scan_of_an_empty_store_has_no_page()
    {
        await foreach (ScanPage page in Storage.ScanPagesAsync(new ScanOptions(), Deadline))
        {
            Assert.Fail($"there is a page of {page.Count} rows");
        }
    }

    [TestCaseSource(nameof(Ranges))]
    public async Task A_scan_reads_exactly_its_range_in_order(KeyRange range)
    {
        await PutOrderedKeysAsync();
        byte[][] expected = [.. OrderedKeys.Where(key => range.Contains(key))];
        List<Entry> forward = await ScanAsync(range);
        Assert.That(forward.Select(row => row.Key), Is.EqualTo(expected));
        Assert.That(forward.Select(row => row.Value), Is.EqualTo(expected.Select(Convert.ToHexString).Select(B)));

        List<Entry> reverse = await ScanAsync(new ScanOptions { Range = range, Reverse = true });
        Assert.That(reverse.Select(row => row.Key), Is.EqualTo(expected.Reverse()));
        Assert.That(reverse.Select(row => row.Value), Is.EqualTo(expected.Reverse().Select(Convert.ToHexString).Select(B)));
    }

    [Test]
    public async Task A_limit_ends_a_scan_early(
        [Values(1, 7, 99, 100, 101, long.MaxValue)] long limit, [Values] bool reverse, [Values(1024, 65536)] int pageBytes)
    {
        await PutNumberedAsync("k", 100, new string('v', 100));
        List<Entry> rows = await ScanAsync(new ScanOptions { Limit = limit, Reverse = reverse, PageBytes = pageBytes });
        IEnumerable<int> all = Enumerable.Range(0, 100);
        IEnumerable<int> expected = (reverse ? all.Reverse() : all).Take((int)Math.Min(limit, 100));
        Assert.That(rows.Select(row => row.KeyText), Is.EqualTo(expected.Select(i => $"k{i:d6}")));
    }

    [Test]
    public async Task Keys_only_leaves_the_values_out([Values] bool reverse)
    {
        await PutOrderedKeysAsync();
        List<Entry> rows = await ScanAsync(new ScanOptions { KeysOnly = true, Reverse = reverse });
        Assert.That(rows.Select(row => row.Key), Is.EqualTo(reverse ? OrderedKeys.Reverse() : OrderedKeys));
        Assert.That(rows.Select(row => row.Value), Has.All.Empty);
    }

    [Test]
    public async Task Pages_are_of_the_size_asked_for([Values(1024, 5000)] int pageBytes, [Values] bool reverse)
    {
        const int rowBytes = 1 + 7 + 2 + 150;
        await PutNumberedAsync("k", 500, new string('v', 150));
        int rows = 0;
        int pages = 0;
        await foreach (ScanPage page in Storage.ScanPagesAsync(new ScanOptions { PageBytes = pageBytes, Reverse = reverse }, Deadline))
        {
            int walked = 0;
            foreach (ScanPage.Row row in page)
            {
                int expected = reverse ? 499 - rows : rows;
                Assert.That(row.Key.ToArray(), Is.EqualTo(Bytes.Numbered("k", expected)));
                walked++;
                rows++;
            }

            Assert.That(walked, Is.EqualTo(page.Count).And.GreaterThan(0));
            Assert.That(page.Rows.Length, Is.LessThanOrEqualTo(pageBytes + rowBytes));
            pages++;
        }

        Assert.That(rows, Is.EqualTo(500));
        Assert.That(pages, Is.GreaterThanOrEqualTo(500 * rowBytes / (pageBytes + rowBytes)));
    }

    [Test]
    public async Task A_row_longer_than_a_page_arrives_whole()
    {
        byte[] value = Bytes.Noise(Limits.MaxValueBytes);
        await WriteAsync(new WriteBatch().Put("a", "1").Put(B("b"), value).Put("c", "3"));
        List<Entry> rows = await ScanAsync(new ScanOptions { PageBytes = 1024 });
        Assert.That(rows.Select(row => row.Value), Is.EqualTo([B("1"), value, B("3")]));
    }

    [Test]
    public async Task Options_that_make_no_sense_are_refused()
    {
        await Refused(StorageErrorCode.InvalidArgument, new ScanOptions { Limit = 0 });
        await Refused(StorageErrorCode.InvalidArgument, new ScanOptions { Limit = -1 });
        await Refused(StorageErrorCode.InvalidArgument, new ScanOptions { PageBytes = 1023 });
        await Refused(StorageErrorCode.InvalidArgument, new ScanOptions { PageBytes = (1024 * 1024) + 1 });
        await Refused(StorageErrorCode.KeyTooLarge, new ScanOptions { Range = KeyRange.From(new byte[StorageLimits.MaxKeyBytes + 1]) });

        Task Refused(StorageErrorCode code, ScanOptions options) => AssertRefusedAsync(code, async () => await ScanAsync(options));
    }

    private async Task PutOrderedKeysAsync()
    {
        // Written out of order, and in two batches.
        var batch = new WriteBatch();
        foreach (byte[] key in OrderedKeys.Where((_, i) => i % 2 == 1).Reverse())
        {
            batch.Put(key, B(Convert.ToHexString(key)));
        }

        await WriteAsync(batch);
        batch.Clear();
        foreach (byte[] key in OrderedKeys.Where((_, i) => i % 2 == 0))
        {
            batch.Put(key, B(Convert.ToHexString(key)));
        }

        await WriteAsync(batch);
    }
}
