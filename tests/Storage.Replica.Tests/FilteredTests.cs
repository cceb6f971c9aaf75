using WsStorage.Testing;

namespace WsStorage.Replica.Tests;

[TestFixture]
public sealed class FilteredTests : ReplicaTest
{
    private static readonly KeyRange[] Ranges =
        [KeyRange.Prefix("f"), KeyRange.Prefix("b"), KeyRange.Between(Bytes.Of("bx"), Bytes.Of("c2")), KeyRange.Single(Bytes.Of("z"))];

    [Test]
    public async Task A_replica_of_several_ranges_has_just_their_rows_and_the_source_s_position()
    {
        await FillEachAsync();
        Options = Options with { Ranges = Ranges };
        ReplicaStorage replica = await OpenLiveAsync();
        await AssertFilteredAsync(replica);
        await FillEachAsync();
        await Store.PutStringAsync("z", "1", Deadline);
        await Store.PutStringAsync("c1", "1", Deadline);
        await AssertFilteredAsync(replica);
    }

    [Test]
    public async Task Range_removals_are_cut_at_every_bound()
    {
        Options = Options with { Ranges = Ranges };
        ReplicaStorage replica = await OpenLiveAsync();
        string[] bounds = ["", "a", "b", "b5", "bx", "c", "c1", "c2", "d", "f", "fz", "g", "z", "z1"];
        foreach (string start in bounds)
        {
            foreach (string end in bounds)
            {
                await FillEachAsync();
                await Store.WriteAsync(new WriteBatch().Put("c1", "1").Put("z", "1").RemoveRange(KeyRange.Between(B(start), B(end))).Put("f", "1"), Deadline);
            }
        }

        await AssertFilteredAsync(replica);
    }

    [Test]
    public async Task Writes_outside_move_the_position_so_that_writers_need_not_wait_long()
    {
        Options = Options with { Ranges = [KeyRange.Prefix("b")] };
        ReplicaStorage replica = await OpenLiveAsync();
        WriteResult written = await replica.WriteAsync(new WriteBatch().Put("outside", "1"), Deadline);
        Assert.That(replica.Status.Revision, Is.GreaterThanOrEqualTo(written.Revision));
        Assert.That(await RowsAsync(replica), Is.Empty);
    }

    [Test]
    public async Task A_load_that_is_interrupted_goes_on_in_the_range_where_it_was()
    {
        await FillEachAsync();
        Options = Options with { Ranges = Ranges };
        int pages = 0;
        Source.Before = step => step == SourceStep.Page && ++pages % 2 == 0 ? throw FaultySource.Lost() : ValueTask.CompletedTask;
        ReplicaStorage replica = await OpenLiveAsync();
        await AssertFilteredAsync(replica);
        Assert.That(replica.Status.Bootstraps, Is.EqualTo(1));
    }

    [Test]
    public async Task Rows_that_go_while_they_are_loaded_are_not_taken_for_rows_of_the_start()
    {
        // The scan of the only range finds nothing, at a later revision than the start: the copy is whole from there on only.
        await FillAsync(5);
        Options = Options with { Ranges = [KeyRange.Prefix("k")] };
        Source.Before = async step =>
        {
            if (step == SourceStep.Scan)
            {
                await Store.RemoveRangeAsync(KeyRange.All, Deadline);
                await Store.PutStringAsync("else", "1", Deadline);
            }
        };
        ReplicaStorage replica = Open();
        await WaitForStatusAsync(replica, static status => status.IsReadable);
        Assert.That((await replica.GetInfoAsync(Deadline)).Revision, Is.EqualTo(new Revision(7)));
        Assert.That(await RowsAsync(replica), Is.Empty);
    }

    private async Task FillEachAsync()
    {
        foreach (string prefix in new[] { "a", "b", "c", "d", "f", "g" })
        {
            await FillAsync(4, prefix);
        }
    }

    private async Task AssertFilteredAsync(ReplicaStorage replica)
    {
        Position head = await HeadAsync();
        await replica.WaitForAsync(head.Revision, Deadline);
        Assert.That((await replica.GetInfoAsync(Deadline)).Position, Is.EqualTo(head));
        List<string> expected = [];
        foreach (KeyRange range in new[] { KeyRange.Between(B("b"), B("c2")), KeyRange.Prefix("f"), KeyRange.Single(B("z")) })
        {
            expected.AddRange(await RowsAsync(Store, range));
        }

        Assert.That(await RowsAsync(replica), Is.EqualTo(expected));
    }
}
