using WsStorage.Testing;

namespace WsStorage.Replica.Tests;

[TestFixture]
public sealed class VerifyTests : ReplicaTest
{
    private static readonly VerifyOptions Fine = new() { RowsPerHash = 4 };

    [Test]
    public async Task An_equal_copy_is_found_equal()
    {
        await FillAsync(50);
        ReplicaStorage replica = await OpenLiveAsync();
        VerifyResult result = await replica.VerifyAsync(Fine, cancellationToken: Deadline);
        Assert.That((result.IsEqual, result.Rows, result.Hashes, result.First), Is.EqualTo((true, 50L, 13L, (VerifyDifference?)null)));
        Assert.That(result.Revision, Is.EqualTo(new Revision(50)));
    }

    [TestCase(DifferenceKind.Different)]
    [TestCase(DifferenceKind.Missing)]
    [TestCase(DifferenceKind.Extra)]
    public async Task One_damaged_row_is_found_by_its_key_and_mended(DifferenceKind kind)
    {
        await FillAsync(50);
        ReplicaStorage replica = await OpenLiveAsync();
        byte[] key = kind == DifferenceKind.Extra ? B("k000020x") : Bytes.Numbered("k", 20);
        await DamageAsync(kind == DifferenceKind.Missing ? new WriteBatch().Remove(key) : new WriteBatch().Put(key, B("damaged")));
        VerifyResult found = await replica.VerifyAsync(Fine, cancellationToken: Deadline);
        Assert.That((found.Differences, found.Mended), Is.EqualTo((1L, 0L)));
        Assert.That((found.First!.Key, found.First.Kind, found.First.Revision), Is.EqualTo((key, kind, new Revision(50))));
        VerifyResult mended = await replica.VerifyAsync(Fine with { Mend = true }, cancellationToken: Deadline);
        Assert.That((mended.Differences, mended.Mended), Is.EqualTo((1L, 1L)));
        Assert.That((await replica.VerifyAsync(Fine, cancellationToken: Deadline)).IsEqual, Is.True);
        await AssertEqualAsync(replica);
    }

    [Test]
    public async Task All_differences_are_counted_and_the_least_is_named()
    {
        await FillAsync(100);
        ReplicaStorage replica = await OpenLiveAsync();
        var damage = new WriteBatch().Put("a", "extra").Put("z", "extra").Remove(Bytes.Numbered("k", 0)).Remove(Bytes.Numbered("k", 99));
        for (int i = 30; i < 40; i++)
        {
            damage.Put(Bytes.Numbered("k", i), B("damaged"));
        }

        await DamageAsync(damage);
        VerifyResult result = await replica.VerifyAsync(Fine with { Mend = true }, cancellationToken: Deadline);
        Assert.That((result.Differences, result.Mended), Is.EqualTo((14L, 14L)));
        Assert.That((result.First!.Key, result.First.Kind), Is.EqualTo((B("a"), DifferenceKind.Extra)));
        await AssertEqualAsync(replica);
    }

    [Test]
    public async Task Rows_where_the_source_has_none_at_all_are_found()
    {
        ReplicaStorage replica = await OpenLiveAsync();
        await DamageAsync(new WriteBatch().Put("b", "extra"));
        VerifyResult result = await replica.VerifyAsync(Fine with { Mend = true }, cancellationToken: Deadline);
        Assert.That((result.First!.Key, result.First.Kind, result.Mended), Is.EqualTo((B("b"), DifferenceKind.Extra, 1L)));
        Assert.That(await RowsAsync(replica), Is.Empty);
    }

    [TestCase("a")]
    [TestCase("z")]
    public async Task Rows_in_a_range_where_the_source_has_none_are_found(string elsewhere)
    {
        await Store.PutStringAsync(elsewhere, "1", Deadline);
        Options = Options with { Ranges = [KeyRange.Prefix("k")] };
        ReplicaStorage replica = await OpenLiveAsync();
        await DamageAsync(new WriteBatch().Put("k1", "extra"));
        VerifyResult result = await replica.VerifyAsync(Fine with { Mend = true }, cancellationToken: Deadline);
        Assert.That((result.First!.Key, result.Differences, result.Mended), Is.EqualTo((B("k1"), 1L, 1L)));
    }

    [Test]
    public async Task Only_what_is_asked_for_is_compared()
    {
        await FillAsync(20);
        ReplicaStorage replica = await OpenLiveAsync();
        await DamageAsync(new WriteBatch().Put("a", "extra"));
        VerifyResult result = await replica.VerifyAsync(Fine with { Range = KeyRange.Prefix("k00001") }, cancellationToken: Deadline);
        Assert.That((result.IsEqual, result.Rows), Is.EqualTo((true, 10L)));
    }

    [Test]
    public async Task Under_concurrent_writes_nothing_is_found_that_is_not_wrong()
    {
        await FillAsync(60);
        ReplicaStorage replica = await OpenLiveAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Deadline);
        Task writer = Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                var batch = new WriteBatch().Put(Bytes.Numbered("k", i * 7 % 60), B($"{i}")).Remove(Bytes.Numbered("k", i * 11 % 60));
                if (i % 50 == 0)
                {
                    batch.RemoveRange(KeyRange.All);
                }

                await KeepPaceAsync(replica, i, (await Store.WriteAsync(batch, Deadline)).Revision);
            }
        });
        for (int i = 0; i < 100; i++)
        {
            VerifyResult result = await replica.VerifyAsync(Fine, cancellationToken: Deadline);
            Assert.That(result.IsEqual, Is.True, $"{result}");
        }

        await stop.CancelAsync();
        await writer;
        await AssertEqualAsync(replica);
    }

    [Test]
    public async Task A_damaged_row_is_found_and_mended_under_concurrent_writes()
    {
        await FillAsync(60);
        ReplicaStorage replica = await OpenLiveAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Deadline);
        Task writer = Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                await KeepPaceAsync(replica, i, await Store.PutAsync(Bytes.Numbered("w", i % 30), B($"{i}"), Deadline));
            }
        });
        for (int i = 0; i < 20; i++)
        {
            byte[] key = Bytes.Numbered("k", i);
            await DamageAsync(new WriteBatch().Put(key, B("damaged")));
            VerifyResult result = await replica.VerifyAsync(Fine with { Mend = true }, cancellationToken: Deadline);
            Assert.That((result.Differences, result.Mended, result.First!.Key), Is.EqualTo((1L, 1L, key)));
        }

        await stop.CancelAsync();
        await writer;
        await AssertEqualAsync(replica);
    }

    [Test]
    public async Task A_copy_that_was_held_comes_to_the_source_s_revision_when_nothing_more_is_written()
    {
        await FillAsync(20);
        ReplicaStorage replica = await OpenLiveAsync();
        using var asked = new SemaphoreSlim(0);
        Source.Before = async step =>
        {
            if (step == SourceStep.Next)
            {
                asked.Release();
            }

            if (step == SourceStep.Scan)
            {
                // What is held back is more than one piece: each is gathered before the next is written.
                for (int i = 0; i < 3; i++)
                {
                    await Store.PutStringAsync("more", $"{i}", Deadline);
                    await asked.WaitAsync(Deadline);
                }
            }
        };
        VerifyResult result = await replica.VerifyAsync(Fine, cancellationToken: Deadline);
        Assert.That((result.IsEqual, result.Revision), Is.EqualTo((true, new Revision(23))));
    }

    [Test]
    public async Task A_source_that_is_lost_meanwhile_is_said()
    {
        await FillAsync(500);
        ReplicaStorage replica = await OpenLiveAsync();
        int pages = 0;
        Source.Before = step => step == SourceStep.Page && ++pages == 2 ? throw FaultySource.Lost() : ValueTask.CompletedTask;
        StorageException stopped = await AssertFailsAsync(StorageErrorCode.ConnectionLost, async () => await replica.VerifyAsync(Fine, cancellationToken: Deadline));
        Assert.That(stopped.Message, Does.Contain("stopped after").And.Contain("by a test"));
        Assert.That((await replica.VerifyAsync(Fine, cancellationToken: Deadline)).IsEqual, Is.True, "the gate is open again");
    }

    [Test]
    public async Task What_was_mended_is_told_to_watches_that_want_to_know()
    {
        await FillAsync(50);
        ReplicaStorage replica = await OpenLiveAsync();
        await using IAsyncEnumerator<WatchEvent> events =
            replica.WatchAsync(new WatchOptions { Invalidations = true }, Deadline).GetAsyncEnumerator(Deadline);
        Assert.That(await events.MoveNextAsync(), Is.True);
        byte[] key = Bytes.Numbered("k", 20);
        await DamageAsync(new WriteBatch().Put(key, B("damaged")));
        await replica.VerifyAsync(Fine with { Mend = true }, cancellationToken: Deadline);
        Assert.That(await events.MoveNextAsync(), Is.True);
        Assert.That(events.Current.Kind, Is.EqualTo(WatchEventKind.Invalidation));
        Assert.That(events.Current.InvalidatedRanges.Any(range => range.Contains(key)), Is.True);
    }

    /// <summary>Lets the writer be some batches ahead of the replica, and not ever more.</summary>
    private async Task KeepPaceAsync(ReplicaStorage replica, int writes, Revision written)
    {
        await Task.Yield();
        if (writes % 50 == 49)
        {
            await replica.WaitForAsync(new Revision(written.Value - 20), Deadline);
        }
    }

    private async Task DamageAsync(WriteBatch damage) => await Copies.Current!.MendAsync(damage, Deadline);
}
