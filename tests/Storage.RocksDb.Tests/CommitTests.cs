using WsStorage.RocksDb.Commit;
using WsStorage.RocksDb.History;

namespace WsStorage.RocksDb.Tests;

/// <summary>The commit pipeline: groups, limits, cancellation, closing.</summary>
public sealed class CommitTests : StoreFixture
{
    [Test]
    public async Task Batches_of_one_call_share_groups_of_bounded_size()
    {
        var results = new WriteResult[20_000];
        await using (RocksDbStorage store = OpenBuffered())
        {
            WriteBatch[] batches = [.. Enumerable.Range(0, results.Length).Select(i => Put($"{i:d8}", "0123456789"))];
            await store.WriteManyAsync(batches, results);
        }

        Assert.That(results.Select(r => r.Revision.Value), Is.EqualTo(Enumerable.Range(1, results.Length).Select(i => (ulong)i)));
        LogRecord[] records = [.. StoredLog.ReadRecords(StorePath).Select(r => LogRecord.Read(r.Key, r.Value))];
        Assert.That(records.Select(r => r.Count), Is.EqualTo(new[] { 8192, 8192, 20_000 - (2 * 8192) }));
        StoredLog.ReadAndCheck(StorePath);
    }

    [Test]
    public async Task A_small_write_that_meets_no_other_is_committed_by_its_caller()
    {
        await using RocksDbStorage store = OpenBuffered();
        await Task.Run(async () =>
        {
            ValueTask<WriteResult> write = store.WriteAsync(Put("a", "1"));
            bool isDone = write.IsCompleted;
            Assert.That((await write).Revision.Value, Is.EqualTo(1));
            Assert.That(isDone, Is.True);
        });
        Assert.That(await store.GetStringAsync("a"), Is.EqualTo("1"));
    }

    [Test]
    public async Task Callers_that_commit_and_those_that_wait_keep_one_order()
    {
        const int writers = 8;
        const int each = 2000;
        await using (RocksDbStorage store = OpenBuffered())
        {
            await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
            {
                Revision last = default;
                for (int i = 0; i < each; i++)
                {
                    Revision revision = (await store.WriteAsync(Put($"{writer}", $"{i}"))).Revision;
                    Assert.That(revision, Is.GreaterThan(last));
                    last = revision;
                }
            })));
        }

        Assert.That(StoredLog.ReadAndCheck(StorePath), Has.Count.EqualTo(writers * each));
    }

    [Test]
    public async Task Writes_that_wait_together_share_groups()
    {
        await using (RocksDbStorage store = Open())
        {
            // While the committing thread is at the first call, the others come together.
            WriteBatch[] batches = [.. Enumerable.Range(0, 30_000).Select(i => Put($"{i:d8}", "0123456789"))];
            ValueTask first = store.WriteManyAsync(batches, new WriteResult[batches.Length]);
            await Task.WhenAll(Enumerable.Range(0, 500).Select(i => store.PutStringAsync($"{i}", "v").AsTask()));
            await first;
        }

        Assert.That(StoredLog.ReadAndCheck(StorePath), Has.Count.EqualTo(30_500));
        Assert.That(StoredLog.ReadRecords(StorePath), Has.Count.LessThan(100));
    }

    [Test]
    public async Task Calls_made_one_after_the_other_are_applied_in_that_order()
    {
        await using RocksDbStorage store = OpenBuffered();
        Task<WriteResult>[] writes = [.. Enumerable.Range(0, 1000).Select(i => store.WriteAsync(Put("k", $"{i}")).AsTask())];
        WriteResult[] results = await Task.WhenAll(writes);
        Assert.That(results.Select(r => r.Revision.Value), Is.Ordered.And.Unique);
        Assert.That(await store.GetStringAsync("k"), Is.EqualTo("999"));
    }

    [Test]
    public async Task Limits_are_enforced_before_anything_is_written()
    {
        await using RocksDbStorage store = OpenBuffered(new() { Limits = new StorageLimits(1000, 100_000) });
        var tooLong = new WriteBatch().Put(B("k"), new byte[1001]);
        Assert.That((await FailsAsync(async () => await store.WriteAsync(tooLong))).Code, Is.EqualTo(StorageErrorCode.ValueTooLarge));
        var tooLarge = new WriteBatch();
        for (int i = 0; i < 101; i++)
        {
            tooLarge.Put(B($"{i}"), new byte[1000]);
        }

        StorageException e = await FailsAsync(async () => await store.WriteManyAsync(new[] { Put("a", "1"), tooLarge }, new WriteResult[2]));
        Assert.That((e.Code, e.Outcome), Is.EqualTo((StorageErrorCode.BatchTooLarge, WriteOutcome.NotApplied)));
        Assert.That((await FailsAsync(async () => await store.WriteManyAsync(new[] { tooLong }, Memory<WriteResult>.Empty))).Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That((await store.GetInfoAsync()).Revision, Is.EqualTo(Revision.None));
    }

    [Test]
    public async Task A_batch_of_many_megabytes_is_one_group()
    {
        await using (RocksDbStorage store = OpenBuffered())
        {
            var large = new WriteBatch();
            for (int i = 0; i < 16; i++)
            {
                large.Put(B($"{i:d2}"), new byte[1_000_000]);
            }

            await store.WriteManyAsync(new[] { Put("a", "1"), large, Put("b", "2") }, new WriteResult[3]);
            Assert.That((await store.GetAsync(B("15"))).Value, Has.Length.EqualTo(1_000_000));
        }

        Assert.That(StoredLog.ReadAndCheck(StorePath), Has.Count.EqualTo(3));
    }

    [Test]
    public async Task A_cancelled_call_is_refused_and_a_cancelled_wait_leaves_the_batch_to_its_caller()
    {
        await using RocksDbStorage store = OpenBuffered();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        Assert.That(async () => await store.PutStringAsync("a", "1", cancelled.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await store.GetAsync(B("a"), cancelled.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That((await store.GetInfoAsync()).Revision, Is.EqualTo(Revision.None));

        // The batch is used again while the write that was not waited for may still be in the queue.
        var batch = new WriteBatch();
        for (int i = 0; i < 2000; i++)
        {
            using var source = new CancellationTokenSource();
            ValueTask<WriteResult> write = store.WriteAsync(batch.Clear().Put($"{i:d4}", $"{i:d4}"), source.Token);
            await source.CancelAsync();
            try
            {
                await write;
            }
            catch (OperationCanceledException e)
            {
                Assert.That(e.CancellationToken, Is.EqualTo(source.Token));
            }
        }

        await store.WriteAsync(Put("9999", "9999"));
        Assert.That(await DumpAsync(store), Is.EqualTo(Enumerable.Range(0, 2000).Append(9999).Select(i => $"{i:d4}={i:d4}")));
    }

    [Test]
    public void What_may_wait_is_bounded_in_bytes()
    {
        var pool = new CommitRequestPool();
        var queue = new CommitQueue(maxBytes: 1000);
        CommitRequest large = Request(5000);
        queue.Add(large, mayCommit: false);
        StorageException e = Fails(() => queue.Add(Request(10), mayCommit: false));
        Assert.That((e.Code, e.Outcome), Is.EqualTo((StorageErrorCode.LimitExceeded, WriteOutcome.NotApplied)));
        Assert.That(e.Message, Does.Contain(nameof(RocksDbOptions.MaxPendingBytes)));
        Assert.That(queue.TakeAll(), Is.SameAs(large));
        queue.EndCommit();
        CommitRequest small = Request(500);
        CommitRequest next = Request(400);
        queue.Add(small, mayCommit: false);
        queue.Add(next, mayCommit: false);
        Assert.That(() => queue.Add(Request(200), mayCommit: true), Throws.InstanceOf<StorageException>());
        Assert.That(queue.TakeAll(), Is.SameAs(small));
        Assert.That(small.Next, Is.SameAs(next));
        Assert.That(queue.Add(Request(10), mayCommit: true), Is.False, "somebody commits");
        queue.EndCommit();
        Assert.That(queue.Add(Request(10), mayCommit: true), Is.False, "one waits");
        queue.TakeAll();
        queue.EndCommit();
        Assert.That(queue.Add(Request(10), mayCommit: true), Is.True);

        CommitRequest Request(int bytes)
        {
            CommitRequest request = pool.Rent();
            request.Prepare(new WriteBatch().Put(B("k"), new byte[bytes]), CancellationToken.None);
            return request;
        }
    }

    [Test]
    public async Task Writes_beyond_what_may_wait_are_refused_and_the_rest_is_applied()
    {
        await using RocksDbStorage store = Open(new() { MaxPendingBytes = 1000 });
        ValueTask<WriteResult>[] writes = [.. Enumerable.Range(0, 2000).Select(i => store.WriteAsync(Put($"{i:d4}", new string('v', 100))))];
        int applied = 0;
        foreach (ValueTask<WriteResult> write in writes)
        {
            try
            {
                await write;
                applied++;
            }
            catch (StorageException e)
            {
                Assert.That((e.Code, e.Outcome), Is.EqualTo((StorageErrorCode.LimitExceeded, WriteOutcome.NotApplied)));
            }
        }

        Assert.That(applied, Is.Positive);
        Assert.That(await DumpAsync(store), Has.Length.EqualTo(applied));
        await store.WriteAsync(Put("large", new string('v', 5000)));
    }

    [Test]
    public async Task Closing_completes_what_was_submitted_and_refuses_the_rest()
    {
        RocksDbStorage store = Open();
        Task<WriteResult>[] writes = [.. Enumerable.Range(0, 500).Select(i => store.WriteAsync(Put($"{i:d3}", "v")).AsTask())];
        Task closing = store.DisposeAsync().AsTask();
        Assert.That((await FailsAsync(async () => await store.PutStringAsync("late", "v"))).Code, Is.EqualTo(StorageErrorCode.Closed));
        Assert.That(await Task.WhenAll(writes), Has.All.Property(nameof(WriteResult.Applied)).True);
        await closing;
        await store.DisposeAsync();
        Assert.That((await FailsAsync(async () => await store.GetAsync(B("a")))).Code, Is.EqualTo(StorageErrorCode.Closed));
        Assert.That((await FailsAsync(async () => await store.GetManyAsync([B("a")]))).Code, Is.EqualTo(StorageErrorCode.Closed));
        Assert.That((await FailsAsync(async () => await store.GetInfoAsync())).Code, Is.EqualTo(StorageErrorCode.Closed));
        Assert.That((await FailsAsync(async () => await DumpAsync(store))).Code, Is.EqualTo(StorageErrorCode.Closed));
        Assert.That((await FailsAsync(async () => await store.CreateCheckpointAsync(Beside("c")))).Code, Is.EqualTo(StorageErrorCode.Closed));
        await using RocksDbStorage again = Open();
        Assert.That(await DumpAsync(again), Has.Length.EqualTo(500));
    }

    [Test]
    public async Task Open_scans_end_with_closed_and_do_not_hold_the_store()
    {
        RocksDbStorage store = OpenBuffered();
        var batch = new WriteBatch();
        for (int i = 0; i < 1000; i++)
        {
            batch.Put($"{i:d4}", new string('v', 100));
        }

        await store.WriteAsync(batch);
        var options = new ScanOptions { PageBytes = 1024 };
        IAsyncEnumerator<ScanPage> scan = store.ScanPagesAsync(options).GetAsyncEnumerator();
        IAsyncEnumerator<ScanPage> abandoned = store.ScanPagesAsync(options).GetAsyncEnumerator();
        Assert.That(await scan.MoveNextAsync() && await abandoned.MoveNextAsync());
        await store.DisposeAsync();
        Assert.That((await FailsAsync(async () => await scan.MoveNextAsync())).Code, Is.EqualTo(StorageErrorCode.Closed));
        await scan.DisposeAsync();
        await using RocksDbStorage again = OpenBuffered();
        Assert.That(await DumpAsync(again), Has.Length.EqualTo(1000));
        await abandoned.DisposeAsync();
    }

    [Test, Repeat(5)]
    public async Task Closing_amid_operations_ends_each_in_one_way()
    {
        RocksDbStorage store = OpenBuffered();
        var started = new CountdownEvent(4);
        Func<Task>[] operations =
        [
            async () => await store.GetStringAsync("k"),
            async () => await store.WriteAsync(Put("k", "v")),
            async () => await DumpAsync(store),
            async () => await store.GetManyAsync([.. Enumerable.Range(0, 200).Select(i => (ReadOnlyMemory<byte>)B($"{i}"))]),
        ];
        Task<StorageErrorCode>[] loops = [.. operations.Select(operation => Task.Run(async () =>
        {
            await operation();
            started.Signal();
            while (true)
            {
                try
                {
                    await operation();
                }
                catch (StorageException e)
                {
                    return e.Code;
                }
            }
        }))];
        started.Wait();
        await store.DisposeAsync();
        Assert.That(await Task.WhenAll(loops), Is.All.EqualTo(StorageErrorCode.Closed));
    }
}
