using WsStorage.Core;
using WsStorage.Testing;

namespace WsStorage.Outbox.Tests;

public class DeliveryTests : OutboxFixture
{
    private static IEnumerable<string> Numbered(int count) => Enumerable.Range(0, count).Select(i => $"k{i:d4}={i}");

    [Test]
    public async Task Writes_are_accepted_while_the_link_is_down_and_delivered_in_order_when_it_is_up()
    {
        Target.IsDown = true;
        await PutNumberedAsync(0, 200);
        OutboxStatus status = Outbox.Status;
        Assert.That(status.Depth, Is.EqualTo(200));
        Assert.That(status.Bytes, Is.Positive);
        Assert.That(status.OldestAge, Is.Not.Null);
        Assert.That(await DeliveredAsync(), Is.Empty);

        Target.IsDown = false;
        await Outbox.FlushAsync(Deadline);
        Assert.That(await HistoryAsync(), Is.EqualTo(Numbered(200)));
        status = Outbox.Status;
        Assert.That((status.Depth, status.Bytes, status.OldestAge, status.Delivered, status.DeliveredSequence), Is.EqualTo((0, 0L, (TimeSpan?)null, 200L, 200UL)));
    }

    [Test]
    public async Task A_write_is_applied_at_no_revision()
    {
        Assert.That(await Outbox.WriteAsync(new WriteBatch().Put("a", "1"), Deadline), Is.EqualTo(WriteResult.AppliedAt(Revision.None)));
        Assert.That(await Outbox.WriteAsync(new WriteBatch(), Deadline), Is.EqualTo(WriteResult.AppliedAt(Revision.None)));
        await Outbox.FlushAsync(Deadline);
        Assert.That(Outbox.Status.DeliveredSequence, Is.EqualTo(1UL), "an empty batch is no record");
    }

    [Test]
    public async Task Records_without_preconditions_are_merged_and_stay_whole()
    {
        Target.IsDown = true;
        await PutNumberedAsync(0, 100);
        Target.IsDown = false;
        await Outbox.FlushAsync(Deadline);
        Assert.That(Target.Writes, Is.LessThan(10));
        Assert.That(await HistoryAsync(), Is.EqualTo(Numbered(100)));
    }

    [Test]
    public async Task Merging_keeps_to_its_bounds()
    {
        await ReopenAsync(Options with { MaxMergedRecords = 7, MaxMergedBytes = 60 });
        List<WriteBatch> tried = [];
        Target.OnWrite = (_, batch) =>
        {
            tried.Add(batch);
            return WriteFault.None;
        };
        Target.IsDown = true;
        await PutNumberedAsync(0, 30);
        await PutAsync("long", new string('v', 500));
        Target.IsDown = false;
        await Outbox.FlushAsync(Deadline);
        Assert.That(tried.Select(batch => batch.Count - 1), Has.All.LessThanOrEqualTo(7), "the last operation is the marker's");
        Assert.That(tried.Count(batch => batch.Count - 1 > 1), Is.Positive);
        Assert.That(tried[^1].Count, Is.EqualTo(2), "what is longer than the bound goes alone");
        Assert.That(await HistoryAsync(), Has.Count.EqualTo(31));
    }

    [Test]
    public async Task Each_record_is_applied_once_whatever_becomes_of_its_batch(
        [Values(WriteFault.Before, WriteFault.After)] WriteFault fault, [Values(1, 2, 3, 5)] int failing, [Values(1, 4)] int inFlight)
    {
        await ReopenAsync(Options with { MaxMergedRecords = 10, MaxBatchesInFlight = inFlight });
        Target.OnWrite = (number, _) => number == failing ? fault : WriteFault.None;
        Target.IsDown = true;
        await PutNumberedAsync(0, 100);
        Target.IsDown = false;
        await Outbox.FlushAsync(Deadline);
        Assert.That(Target.Writes, Is.GreaterThanOrEqualTo(failing), "the fault has struck");
        Assert.That(await HistoryAsync(), Is.EqualTo(Numbered(100)));
    }

    [Test]
    public async Task Random_faults_and_reopenings_lose_and_repeat_nothing([Range(1, 8)] int seed)
    {
        var random = new Random(seed);
        Target.OnWrite = (_, _) =>
        {
            lock (random)
            {
                return random.Next(3) switch
                {
                    0 => WriteFault.Before,
                    1 => WriteFault.After,
                    _ => WriteFault.None,
                };
            }
        };
        OutboxOptions options = Options with { MaxMergedRecords = 1 + (seed % 4), MaxBatchesInFlight = 1 + (seed % 3) };
        for (int round = 0; round < 20; round++)
        {
            await PutNumberedAsync(round * 10, 10);
            if (random.Next(2) == 0)
            {
                await Target.NextWrite.WaitAsync(TimeSpan.FromMilliseconds(random.Next(1, 3))).ContinueWith(_ => { }, TaskScheduler.Default);
            }

            await ReopenAsync(options);
        }

        await Outbox.FlushAsync(Deadline);
        Assert.That(await HistoryAsync(), Is.EqualTo(Numbered(200)));
    }

    [Test]
    public async Task What_was_delivered_by_a_killed_process_is_dropped_by_the_next([Range(0, 5)] int noted)
    {
        // The local store of a process that was killed: it holds all records, and an old note or none.
        Target.IsDown = true;
        await PutNumberedAsync(0, 20);
        await Outbox.DisposeAsync();
        await using InMemoryStorage copy = await CopyAsync(Local);
        Target.IsDown = false;
        Outbox = await OpenAsync(Options with { MaxMergedRecords = 1 });
        Target.OnWrite = (number, _) => number > noted ? WriteFault.Before : WriteFault.None;
        await UntilAsync(status => status.Delivered == noted && Target.Writes > noted);
        await Outbox.DisposeAsync();

        Target.OnWrite = null;
        Outbox = await OpenAsync(local: copy);
        await Outbox.FlushAsync(Deadline);
        Assert.That(await HistoryAsync(), Is.EqualTo(Numbered(20)));
        await Outbox.DisposeAsync();
    }

    [Test]
    public async Task A_batch_that_was_thought_lost_and_arrives_late_changes_nothing()
    {
        WriteBatch? late = null;
        Target.OnWrite = (number, batch) =>
        {
            late ??= new WriteBatch().Load(batch.PackedPreconditions, batch.PackedOperations);
            return number == 1 ? WriteFault.Before : WriteFault.None;
        };
        await PutAsync("a", "1");
        await Outbox.FlushAsync(Deadline);
        await PutAsync("a", "2");
        await Outbox.FlushAsync(Deadline);
        Assert.That((await Target.Inner.WriteAsync(late!, Deadline)).Applied, Is.False);
        Assert.That(await DeliveredAsync(), Is.EqualTo(["a=2"]));
    }

    [Test]
    public async Task Everything_may_be_removed_through_the_outbox()
    {
        await PutAsync("a", "1");
        await Outbox.RemoveRangeAsync(KeyRange.All, Deadline);
        await PutAsync("b", "2");
        await Outbox.FlushAsync(Deadline);
        Assert.That(await DeliveredAsync(), Is.EqualTo(["b=2"]));
    }

    [Test]
    public async Task Delivered_records_leave_the_local_store()
    {
        await PutNumberedAsync(0, 3000);
        await Outbox.FlushAsync(Deadline);
        await Outbox.DisposeAsync();
        Assert.That(await RowsAsync(Local, new ScanOptions { Range = KeyRange.Prefix("o/") }), Is.Empty);
        Outbox = await OpenAsync();
        Assert.That(Outbox.Status.Depth, Is.Zero);
        await PutAsync("next", "1");
        await Outbox.FlushAsync(Deadline);
        Assert.That(Outbox.Status.DeliveredSequence, Is.EqualTo(3001UL));
    }

    [Test]
    public async Task Many_writers_at_once_are_delivered_each_in_its_order()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (int i = 0; i < 100; i++)
            {
                await PutAsync($"w{writer}", $"{i:d3}");
            }
        })));
        await Outbox.FlushAsync(Deadline);
        List<string> history = await HistoryAsync();
        Assert.That(history, Has.Count.EqualTo(800));
        for (int writer = 0; writer < 8; writer++)
        {
            Assert.That(history.Where(put => put.StartsWith($"w{writer}", StringComparison.Ordinal)), Is.Ordered);
        }
    }

    internal static async Task<InMemoryStorage> CopyAsync(InMemoryStorage store)
    {
        var copy = new InMemoryStorage();
        await foreach (Entry row in store.ScanAsync(new ScanOptions()))
        {
            await copy.PutAsync(row.Key, row.Value);
        }

        return copy;
    }

    private async Task PutNumberedAsync(int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            await PutAsync($"k{i:d4}", $"{i}");
        }
    }
}
