namespace WsStorage.Testing;

public abstract partial class StorageContract
{
    [Test]
    public async Task A_closed_storage_refuses_everything()
    {
        Requires(ContractFeature.ClosedAfterDispose);
        await PutAsync("a", "1");
        await Storage.DisposeAsync();
        await AssertRefusedAsync(StorageErrorCode.Closed, async () => await Storage.GetInfoAsync(Deadline));
        await AssertRefusedAsync(StorageErrorCode.Closed, async () => await Storage.GetAsync(B("a"), Deadline));
        await AssertRefusedAsync(StorageErrorCode.Closed, async () => await Storage.GetManyAsync([B("a")], Deadline));
        await AssertRefusedAsync(StorageErrorCode.Closed, async () => await Storage.WriteAsync(new WriteBatch().Put("a", "2"), Deadline));
        await AssertRefusedAsync(StorageErrorCode.Closed, async () => await ScanAsync(KeyRange.All));
        if (Storage is IBatchStorage batched)
        {
            StorageException exception = Assert.Throws<StorageException>(() => batched.ReadMany([B("a")], new RecordingReceiver()))!;
            Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.Closed));
            WriteBatch[] batches = [new WriteBatch().Put("a", "2")];
            await AssertRefusedAsync(StorageErrorCode.Closed, async () => await batched.WriteManyAsync(batches, new WriteResult[1], Deadline));
        }
    }

    [Test]
    public async Task Closing_twice_does_nothing_more()
    {
        await Storage.DisposeAsync();
        await Assert.ThatAsync(async () => await Storage.DisposeAsync(), Throws.Nothing);
    }

    [Test]
    public async Task Operations_outstanding_at_the_close_end_one_way_or_the_other()
    {
        Requires(ContractFeature.ClosedAfterDispose);
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task[] users = [.. Enumerable.Range(0, 4).Select(user => Task.Run(async () =>
        {
            for (int i = 0; ; i++)
            {
                await Storage.PutAsync(B($"{user}/{i}"), B("v"), Deadline);
                Assert.That(await ScanAsync(new ScanOptions { Limit = 10 }), Is.Not.Empty);
                running.TrySetResult();

                // A storage that completes at once would keep this thread to itself.
                await Task.Yield();
            }
        }))];
        await Task.WhenAny([running.Task, .. users]);
        await Storage.DisposeAsync();
        foreach (Task user in users)
        {
            StorageException exception = (await Assert.ThrowsAsync<StorageException>(() => user))!;
            Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.Closed), exception.Message);
        }
    }
}
