using WsStorage.Cli.Demo;
using WsStorage.Core;

namespace WsStorage.Cli.Tests;

/// <summary>What the demo proves, it can also refute: each of its checks is shown to fail.</summary>
internal sealed class DemoCheckTests
{
    private static readonly Guid Epoch = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

    [Test]
    public async Task Watch_that_tells_all_gives_the_store()
    {
        await using var store = new InMemoryStorage();
        await using var replay = new WatchReplay(Epoch);
        Position at = Start;
        await replay.ApplyAsync(WatchEvent.Progress(at));
        foreach (WriteBatch batch in (WriteBatch[])[new WriteBatch().Put("a", "1").Put("b", "2"), Record(1), new WriteBatch().RemoveRange(KeyRange.Prefix("a"))])
        {
            await store.WriteAsync(batch);
            WatchEvent told = Tell(ref at, batch);
            await replay.ApplyAsync(told);
            await replay.ApplyAsync(WatchEvent.Progress(at));
        }

        await replay.WaitForAsync(3);
        WatchDigest digest = await replay.FinishAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(digest.Events, Is.EqualTo(3));
            Assert.That(digest.Position, Is.EqualTo(at.ToString()));
            Assert.That(digest.Replica, Is.EqualTo(await StoreDigest.ComputeAsync(store, CancellationToken.None)));
            Assert.That((digest.Records.Count, digest.Records.Doubled), Is.EqualTo((1, 0)));
        }
    }

    [Test]
    public async Task Watch_that_leaves_out_repeats_or_changes_something_is_found_out()
    {
        await using var replay = new WatchReplay(Epoch);
        Position at = Start;
        WatchEvent first = Tell(ref at, Record(1));
        WatchEvent second = Tell(ref at, Record(2));
        WatchEvent third = Tell(ref at, Record(3));
        await replay.ApplyAsync(first);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await RefuseAsync(replay, third), Is.EqualTo("the watch went from revision 1 to 3"));
            Assert.That(await RefuseAsync(replay, first), Is.EqualTo("the watch repeated revision 1 after 1"));
            Assert.That(await RefuseAsync(replay, WatchEvent.Progress(second.Position)), Does.StartWith("the watch says that it is complete up to "));
            Assert.That(
                await RefuseAsync(replay, WatchEvent.Changes(second.Position, second.CommitTime, Record(9).PackedOperations.ToArray())),
                Is.EqualTo("the batch of revision 2 does not lead to the hash of its position"));
            Assert.That(
                await RefuseAsync(replay, WatchEvent.Progress(second.Position with { Epoch = Guid.NewGuid() })),
                Does.StartWith($"the watch went from epoch {Epoch}"));
        }
    }

    [Test]
    public async Task Summary_holds_only_when_every_side_says_the_same()
    {
        await using var store = new InMemoryStorage();
        var ledger = new Ledger();
        await ledger.WriteAsync(store, new WriteBatch());
        await ledger.WriteAsync(store, new WriteBatch());
        await store.WriteAsync(new WriteBatch().Put("client/rounds", "1").Put("client/values-read", "1"));
        HeldStore held = await HeldStore.ReadAsync(store);
        var client = new ClientReport
        {
            Gets = 1,
            ManyGets = 1,
            Batches = 1,
            RefusedBatches = 1,
            Digest = held.Digest,
            Watch = new WatchDigest(3, held.Position.ToString(), ledger.Digest(), held.Digest),
        };
        var replica = new ReplicaReport { Digest = held.Digest, Position = held.Position.ToString(), Compared = held.Digest.Rows, Hashes = 1 };
        StoreDigest other = held.Digest with { Sha256 = "00" };
        RecordDigest records = ledger.Digest();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Find(client), Is.Null);
            Assert.That(Find(client with { Failure = "a get found nothing" }), Is.EqualTo("a get found nothing"));
            Assert.That(Find(client with { Digest = null }), Does.StartWith("the client ended before"));
            Assert.That(Find(client with { Digest = other }), Does.StartWith("the client read "));
            Assert.That(Find(client with { Watch = client.Watch with { Records = records with { Doubled = 1 } } }), Does.StartWith("2 records were acknowledged, and the watch told 2, 1 of them more than once"));
            Assert.That(Find(client with { Watch = client.Watch with { Records = records with { Sha256 = "00" } } }), Does.StartWith("2 records were acknowledged"));
            Assert.That(Find(client with { Watch = client.Watch with { Position = Start.ToString() } }), Does.StartWith("the watch came to "));
            Assert.That(Find(client with { Watch = client.Watch with { Replica = other } }), Does.StartWith("what the watch told makes "));
            Assert.That(Find(client, held with { Records = 1 }), Does.StartWith("the store holds 1 records, and 2 were acknowledged"));
            Assert.That(Find(client, rows: 3), Is.EqualTo("the store holds 4 rows, and 5 were written"));
            Assert.That(Find(client, copy: replica with { Failure = "it hangs" }), Is.EqualTo("it hangs"));
            Assert.That(Find(client, copy: replica with { Digest = null }), Does.StartWith("the replica ended before"));
            Assert.That(Find(client, copy: replica with { Position = Start.ToString() }), Does.StartWith("the replica is at "));
            Assert.That(Find(client, copy: replica with { Digest = other }), Does.StartWith("the replica holds 4 rows with SHA-256 00"));
            Assert.That(Find(client, copy: replica with { Differences = 2 }), Is.EqualTo("2 rows of the replica are not what the source has"));
            Assert.That(Find(client, copy: replica with { Compared = 3 }), Does.StartWith("3 rows of the replica were compared"));
            Assert.That(Find(client with { Gets = 0 }), Does.StartWith("the time was too short"));
        }

        string? Find(ClientReport report, HeldStore? found = null, long rows = 2, ReplicaReport? copy = null) =>
            new DemoSummary(ledger, [], report, copy ?? replica, new Uri("wss://localhost/storage")) { Readings = 0, Rows = rows, Elapsed = TimeSpan.FromSeconds(1) }
                .FindProblem(found ?? held);
    }

    [Test]
    public async Task Record_that_was_written_twice_or_not_acknowledged_is_noticed()
    {
        var book = new RecordBook();
        book.Add(1, new Revision(5));
        RecordDigest once = book.ToDigest();
        book.Add(1, new Revision(6));
        var store = new InMemoryStorage();
        await store.DisposeAsync();
        var ledger = new Ledger();

        await ledger.WriteAsync(store, new WriteBatch());

        Assert.That(book.ToDigest(), Is.EqualTo(once with { Doubled = 1 }));
        Assert.That(ledger.Acknowledged, Is.Zero);
        Assert.That(ledger.Failure, Does.StartWith("the write of record 1 failed: "));
    }

    private static Position Start => new(Epoch, default, ChainHash.Seed);

    private static WriteBatch Record(long number) => new WriteBatch().Put(DemoKeys.RecordOf(number), DemoKeys.RecordOf(number));

    private static WatchEvent Tell(ref Position at, WriteBatch batch)
    {
        var revision = new Revision(at.Revision.Value + 1);
        at = at with { Revision = revision, Hash = ChainHash.Append(at.Hash, revision, batch.PackedOperations) };
        return WatchEvent.Changes(at, DateTimeOffset.UnixEpoch, batch.PackedOperations.ToArray());
    }

    private static async Task<string> RefuseAsync(WatchReplay replay, WatchEvent told)
    {
        try
        {
            await replay.ApplyAsync(told);
        }
        catch (DemoCheckException exception)
        {
            return exception.Message;
        }

        return "nothing";
    }
}
