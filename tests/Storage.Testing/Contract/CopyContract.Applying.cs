using WsStorage.Core.Copies;

namespace WsStorage.Testing;

public abstract partial class CopyContract
{
    [Test]
    public async Task A_copy_of_all_keys_follows_its_source()
    {
        ICopy copy = await CopyAsync();
        await Source.PutAsync("a", "1");
        await Source.CommitAsync(
            new ModelOperation(BatchOperationKind.Remove, Bytes.Of("k1"), []),
            new ModelOperation(BatchOperationKind.RemoveRange, Bytes.Of("k3"), []),
            new ModelOperation(BatchOperationKind.Put, Bytes.Of("k4"), Bytes.Of("anew")));
        await Source.PutAsync("a", "2");
        IReadOnlyList<CopiedBatch> batches = await Source.ReadBatchesAsync(copy.State.Position);
        await ApplyAsync(copy, [.. batches]);
        await AssertEqualAsync(copy);
        await ApplyAsync(copy);
        await AssertEqualAsync(copy);
    }

    [Test]
    public async Task A_read_says_the_revision_of_the_source()
    {
        ICopy copy = await CopyAsync();
        await Source.PutAsync("k0", "new");
        Assert.That((await copy.GetAsync(Bytes.Of("k0"), Deadline)).Revision.Value, Is.EqualTo(5));
        await Source.CatchUpAsync(copy);
        GetResult read = await copy.GetAsync(Bytes.Of("k0"), Deadline);
        Assert.That((Bytes.Show(read.Value), read.Revision.Value), Is.EqualTo(("\"new\"", 6UL)));
        GetManyResult many = await copy.GetManyAsync([Bytes.Of("k1"), Bytes.Of("none")], Deadline);
        Assert.That(many.Values.Select(Bytes.Show), Is.EqualTo(["\"1\"", "none"]));
        Assert.That(many.Revision.Value, Is.EqualTo(6));
        await foreach (ScanPage page in copy.ScanPagesAsync(new ScanOptions(), Deadline))
        {
            Assert.That(page.Revision.Value, Is.EqualTo(6));
        }

        var receiver = new RecordingReceiver();
        ((IBatchStorage)copy).ReadMany([Bytes.Of("k0"), Bytes.Of("none")], receiver);
        Assert.That(receiver.Revision, Is.EqualTo(new Revision(6)));
        Assert.That(receiver.Values.Select(Bytes.Show), Is.EqualTo(["\"new\"", "none"]));
    }

    [TestCase("another epoch")]
    [TestCase("a revision left out")]
    [TestCase("a revision that was")]
    [TestCase("another hash")]
    [TestCase("other operations")]
    public async Task What_does_not_lead_where_it_claims_is_refused_and_nothing_of_it_applied(string flaw)
    {
        ICopy copy = await CopyAsync();
        await using WatchProbe watch = await WatchAsync(copy);
        for (int i = 0; i < 3; i++)
        {
            await Source.PutAsync("k1", $"new {i}");
        }

        CopiedBatch[] right = [.. await Source.ReadBatchesAsync(copy.State.Position)];
        CopiedBatch second = right[1];
        Position position = second.Position;
        CopiedBatch[] wrong = flaw switch
        {
            "another epoch" => [right[0], second with { Position = position with { Epoch = Guid.NewGuid() } }],
            "a revision left out" => [right[0], right[2]],
            "a revision that was" => [right[0], second, second],
            "another hash" => [right[0], second with { Position = position with { Hash = position.Hash + 1 } }],
            _ => [right[0], second with { PackedOperations = right[0].PackedOperations }],
        };
        await AssertRefusedAsync(StorageErrorCode.Diverged, copy, () => ApplyAsync(copy, wrong));
        await AssertRefusedAsync(StorageErrorCode.Diverged, copy, () => ApplyAsync(copy, wrong[^1]));
        await ApplyAsync(copy, right);
        await AssertEqualAsync(copy);
        await watch.ReadThroughAsync(copy.State.Position.Revision);
        Assert.That(watch.Changes.Select(told => told.Revision.Value), Is.EqualTo([6, 7, 8]), "nothing was told twice");
    }

    [Test]
    public async Task A_copy_of_some_ranges_moves_over_what_touches_none()
    {
        ICopy copy = await CopyAsync(isOfAllKeys: false);
        await Source.PutAsync("a", "elsewhere");
        await Source.PutAsync("z", "elsewhere");
        await ApplyAsync(copy, await Source.ReadProgressAsync());
        await AssertEqualAsync(copy);
        await Source.PutAsync("a", "elsewhere");
        await Source.CommitAsync(
            new ModelOperation(BatchOperationKind.RemoveRange, Bytes.Of("a"), Bytes.Of("k2")),
            new ModelOperation(BatchOperationKind.Put, Bytes.Of("k9"), Bytes.Of("in it")));
        await Source.PutAsync("z", "elsewhere");
        await Source.PutAsync("k4", "changed");
        await ApplyAsync(copy, [.. await Source.ReadBatchesAsync(copy.State.Position, copy.State.Ranges)]);
        await AssertEqualAsync(copy);
        Assert.That((await copy.GetAsync(Bytes.Of("k4"), Deadline)).Revision.Value, Is.EqualTo(11));
    }

    [Test]
    public async Task A_copy_of_some_ranges_goes_neither_back_nor_to_another_store()
    {
        ICopy copy = await CopyAsync(isOfAllKeys: false);
        await Source.PutAsync("k0", "new");
        CopiedBatch[] next = [.. await Source.ReadBatchesAsync(copy.State.Position, copy.State.Ranges)];
        Position position = next[0].Position;
        await AssertRefusedAsync(StorageErrorCode.Diverged, copy, () => ApplyAsync(copy, next[0], next[0]));
        await AssertRefusedAsync(
            StorageErrorCode.Diverged, copy, () => ApplyAsync(copy, next[0] with { Position = position with { Revision = new Revision(5) } }));
        await AssertRefusedAsync(
            StorageErrorCode.Diverged, copy, () => ApplyAsync(copy, next[0] with { Position = position with { Epoch = Guid.NewGuid() } }));
        await ApplyAsync(copy, next);
        await AssertEqualAsync(copy);
    }

    [Test]
    public async Task What_is_no_operation_is_refused()
    {
        ICopy copy = await CopyAsync(isOfAllKeys: false);
        CopiedBatch progress = await Source.ReadProgressAsync();
        var good = new CopiedBatch(progress.Position with { Revision = new Revision(6) }, default, new WriteBatch().Put("k1", "x").PackedOperations.ToArray());
        var bad = new CopiedBatch(progress.Position with { Revision = new Revision(7) }, default, new byte[] { 1, 200 });
        await AssertRefusedAsync(StorageErrorCode.InvalidArgument, copy, () => ApplyAsync(copy, good, bad));
        bad = bad with { PackedOperations = new byte[] { 99 } };
        await AssertRefusedAsync(StorageErrorCode.InvalidArgument, copy, () => ApplyAsync(copy, good, bad));
    }

    [Test]
    public async Task Ordinary_writes_are_refused()
    {
        ICopy copy = await CopyAsync();
        Assert.That((await copy.GetInfoAsync(Deadline)).IsReadOnly, Is.True);
        WriteBatch batch = new WriteBatch().Put("k1", "written");
        await AssertRefusedAsync(StorageErrorCode.ReadOnly, copy, async () => await copy.WriteAsync(batch, Deadline));
        await AssertRefusedAsync(
            StorageErrorCode.ReadOnly,
            copy,
            async () => await ((IBatchStorage)copy).WriteManyAsync(new[] { batch }, new WriteResult[1], Deadline));
    }

    [Test]
    public async Task Rows_are_mended_without_a_revision([Values] bool isOfAllKeys)
    {
        ICopy copy = await CopyAsync(isOfAllKeys);
        await using WatchProbe watch = await WatchAsync(copy);
        Position before = await PositionAsync(copy);
        await copy.MendAsync(
            new WriteBatch().Put("k0", "flipped").Remove("k1").RemoveRange(KeyRange.From(Bytes.Of("k4"))).Put("k7", "too much"), Deadline);
        Assert.That(await Source.RowsAsync(copy), Is.EqualTo(["\"k0\"=\"flipped\"", "\"k2\"=\"2\"", "\"k3\"=\"3\"", "\"k7\"=0x746F6F206D756368"]));
        Assert.That(await PositionAsync(copy), Is.EqualTo(before));
        await copy.MendAsync(new WriteBatch().Put("k0", "0").Put("k1", "1").Put("k4", "4").Remove("k7"), Deadline);
        await AssertEqualAsync(copy);
        await AssertRefusedAsync(
            StorageErrorCode.InvalidArgument, copy, async () => await copy.MendAsync(new WriteBatch().RequireAbsent("k9"u8).Put("k9", "x"), Deadline));
        await Source.PutAsync("k0", "next");
        await Source.CatchUpAsync(copy);
        Assert.That((await watch.NextChangesAsync()).Position, Is.EqualTo(await Source.HeadAsync()), "nothing else was told");
        await AssertEqualAsync(copy);
    }

    [Test]
    public async Task What_is_cancelled_before_it_begins_changes_nothing()
    {
        ICopy copy = await CopyAsync();
        await Source.PutAsync("k0", "new");
        CopiedBatch[] next = [.. await Source.ReadBatchesAsync(copy.State.Position)];
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThatAsync(async () => await copy.ApplyAsync(next, cancelled), Throws.InstanceOf<OperationCanceledException>());
        await Assert.ThatAsync(
            async () => await copy.MendAsync(new WriteBatch().Remove("k0"), cancelled), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(copy.State.Position.Revision.Value, Is.EqualTo(5));
        await ApplyAsync(copy, next);
        await AssertEqualAsync(copy);
    }
}
