namespace WsStorage.Testing;

public abstract partial class StorageContract
{
    [Test]
    public async Task A_token_cancelled_beforehand_is_honoured_everywhere()
    {
        await PutAsync("a", "1");
        var cancelled = new CancellationToken(canceled: true);
        await AssertCancelledAsync(async () => await Storage.GetInfoAsync(cancelled));
        await AssertCancelledAsync(async () => await Storage.GetAsync(B("a"), cancelled));
        await AssertCancelledAsync(async () => await Storage.GetManyAsync([B("a")], cancelled));
        await AssertCancelledAsync(async () => await Storage.WriteAsync(new WriteBatch().Put("b", "2"), cancelled));
        await AssertCancelledAsync(async () =>
        {
            await foreach (ScanPage page in Storage.ScanPagesAsync(new ScanOptions(), cancelled))
            {
                Assert.That(page.Count, Is.Zero, "there is a page");
            }
        });

        await PutAsync("c", "3");
        Assert.That(await GetAsync("a"), Is.EqualTo("1"), "the storage goes on");
        Assert.That(await GetAsync("c"), Is.EqualTo("3"));
    }

    [Test]
    public async Task Callers_that_give_up_leave_the_storage_whole()
    {
        Requires(ContractFeature.DenseRevisions);
        (int tasks, int writes) = Concurrency;
        int acknowledged = 0;
        await Task.WhenAll(Enumerable.Range(0, tasks).Select(task => Task.Run(async () =>
        {
            for (int i = 0; i < writes; i++)
            {
                using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Deadline);
                ValueTask<WriteResult> write = Storage.WriteAsync(new WriteBatch().Put($"{task}/{i}", "v"), cancellation.Token);
                if (i % 2 == 0)
                {
                    await cancellation.CancelAsync();
                }

                try
                {
                    Assert.That((await write).Applied, Is.True);
                    Interlocked.Increment(ref acknowledged);
                }
                catch (OperationCanceledException) when (i % 2 == 0)
                {
                    // Given up: applied or not, later counted as what it is.
                    Assert.That(Deadline.IsCancellationRequested, Is.False);
                }
            }
        })));

        // A write after all others: those given up have been applied by now or never will be, on a storage in order.
        Revision last = await PutAsync("last", "v");
        List<Entry> rows = await ScanAsync(KeyRange.All);
        Assert.That(rows, Has.Count.GreaterThan(acknowledged));
        Assert.That(await RevisionAsync(), Is.GreaterThanOrEqualTo(last));
        Assert.That(rows, Has.Count.LessThanOrEqualTo((tasks * writes) + 1));
    }
}
