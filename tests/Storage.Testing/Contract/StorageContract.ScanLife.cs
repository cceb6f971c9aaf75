namespace WsStorage.Testing;

public abstract partial class StorageContract
{
    [Test]
    public async Task A_scan_reads_one_revision_whatever_is_written_meanwhile([Values] bool reverse)
    {
        await PutNumberedAsync("k", 2000, new string('v', 50));
        Revision pinned = await RevisionAsync();
        List<string> keys = [];
        List<string> values = [];
        int pages = 0;
        await foreach (ScanPage page in Storage.ScanPagesAsync(new ScanOptions { PageBytes = 1024, Reverse = reverse }, Deadline))
        {
            Assert.That(page.Revision, Is.EqualTo(pinned));
            foreach (ScanPage.Row row in page)
            {
                keys.Add(new Entry(row.Key.ToArray(), []).KeyText);
                values.Add(new Entry([], row.Value.ToArray()).ValueText);
            }

            if (pages++ is 0 or 1 or 5)
            {
                await PutNumberedAsync("k", 2000, $"changed on page {pages}");
                await Storage.RemoveRangeAsync(KeyRange.Between(Bytes.Numbered("k", 500), Bytes.Numbered("k", 1500)), Deadline);
                await PutNumberedAsync("a", 100, "new");
                await PutNumberedAsync("z", 100, "new");
            }
        }

        IEnumerable<string> expected = Enumerable.Range(0, 2000).Select(i => $"k{i:d6}");
        Assert.That(keys, Is.EqualTo(reverse ? expected.Reverse() : expected));
        Assert.That(values, Has.All.EqualTo(new string('v', 50)));
        Assert.That(await ScanAsync(KeyRange.All), Has.Count.EqualTo(1200), "the next scan sees all that was written");
    }

    [Test]
    public async Task Scans_run_beside_each_other()
    {
        await PutNumberedAsync("k", 1000, new string('v', 50));
        List<Entry>[] scans = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(
            () => ScanAsync(new ScanOptions { PageBytes = 1024 * (1 + (i / 2)), Reverse = i % 2 == 1 }))));
        for (int i = 0; i < scans.Length; i++)
        {
            IEnumerable<string> keys = scans[i].Select(row => row.KeyText);
            Assert.That(i % 2 == 1 ? keys.Reverse() : keys, Is.EqualTo(Enumerable.Range(0, 1000).Select(n => $"k{n:d6}")));
        }
    }

    [Test]
    public async Task A_scan_may_be_left_at_any_page()
    {
        await PutNumberedAsync("k", 1000, new string('v', 50));
        for (int left = 0; left < 20; left++)
        {
            int pages = 0;
            await foreach (ScanPage page in Storage.ScanPagesAsync(new ScanOptions { PageBytes = 1024 }, Deadline))
            {
                Assert.That(page.Count, Is.Positive);
                if (pages++ == left)
                {
                    break;
                }
            }

            await PutAsync("other", $"{left}");
        }

        Assert.That(await ScanAsync(KeyRange.All), Has.Count.EqualTo(1001));
    }

    [Test]
    public async Task A_scan_that_never_began_is_let_go()
    {
        await PutAsync("a", "1");
        IAsyncEnumerator<ScanPage> scan = Storage.ScanPagesAsync(new ScanOptions(), Deadline).GetAsyncEnumerator(Deadline);
        await scan.DisposeAsync();
        Assert.That(await RowsAsync(), Is.EqualTo(["a=1"]));
    }

    [Test]
    public async Task A_cancelled_token_ends_a_scan()
    {
        await PutNumberedAsync("k", 2000, new string('v', 500));
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Deadline);
        int pages = 0;
        await AssertCancelledAsync(async () =>
        {
            await foreach (ScanPage page in Storage.ScanPagesAsync(new ScanOptions { PageBytes = 1024 }, cancellation.Token))
            {
                Assert.That(page.Count, Is.Positive);
                pages++;
                await cancellation.CancelAsync();
            }
        });
        Assert.That(pages, Is.GreaterThanOrEqualTo(1));
        Assert.That(await ScanAsync(KeyRange.All), Has.Count.EqualTo(2000), "the storage goes on");
    }

    [Test]
    public async Task A_token_given_to_the_walk_ends_it_too()
    {
        await PutNumberedAsync("k", 2000, new string('v', 500));
        using var cancellation = new CancellationTokenSource();
        await AssertCancelledAsync(async () =>
        {
            await foreach (ScanPage page in Storage.ScanPagesAsync(new ScanOptions { PageBytes = 1024 }, Deadline).WithCancellation(cancellation.Token))
            {
                Assert.That(page.Count, Is.Positive);
                await cancellation.CancelAsync();
            }
        });
        Assert.That(await ScanAsync(KeyRange.All), Has.Count.EqualTo(2000));
    }
}
