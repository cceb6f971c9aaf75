using WsStorage.Core.Feed;

namespace WsStorage.Core.Tests.Feed;

/// <summary>What may wait for the reader of a watch.</summary>
[TestFixture]
public sealed class WatchQueueTests
{
    [Test]
    public void It_is_first_in_first_out_and_bounded()
    {
        var queue = new WatchQueue(new QueueBudget(1L << 40));
        int added = 0;
        while (TryAdd(queue, Event(added, 10_000)))
        {
            added++;
        }

        Assert.That(added, Is.EqualTo(WatchQueue.MaxBytes / 10_128));
        for (int i = 0; i < added; i++)
        {
            Assert.That(queue.TryTake(out ReadOnlyMemory<ToldBatch> taken), Is.True);
            Assert.That(taken.Span[0].Event.Revision.Value, Is.EqualTo((ulong)i));
        }

        Assert.That(queue.TryTake(out _), Is.False);
        Assert.That(TryAdd(queue, Event(0, 10_000)), Is.True);
    }

    [Test]
    public void A_large_batch_does_not_wait()
    {
        var queue = new WatchQueue(new QueueBudget(1L << 40));
        Assert.That(TryAdd(queue, Event(0, WatchQueue.MaxBatchBytes)), Is.False);
        Assert.That(TryAdd(queue, Event(0, WatchQueue.MaxBatchBytes - 1000)), Is.True);
    }

    [Test]
    public void Beyond_a_little_each_all_queues_share_one_bound()
    {
        var budget = new QueueBudget(100_000);
        WatchQueue[] queues = [.. Enumerable.Range(0, 20).Select(_ => new WatchQueue(budget))];
        long waiting = 0;
        foreach (WatchQueue queue in queues)
        {
            while (TryAdd(queue, Event(0, 1000)))
            {
                waiting += 1128;
            }
        }

        Assert.That(waiting, Is.InRange(100_000 + (20 * (WatchQueue.OwnBytes - 1128)) - 1128, 100_000 + (20 * WatchQueue.OwnBytes)));
        Assert.That(budget.Left, Is.InRange(0, 1128));
        while (queues[0].TryTake(out _))
        {
            waiting -= 1128;
        }

        Assert.That(TryAdd(queues[^1], Event(0, 1000)), Is.True, "there is room again");
        foreach (WatchQueue queue in queues)
        {
            queue.Clear();
        }

        Assert.That(budget.Left, Is.EqualTo(100_000));
    }

    [Test]
    public void Of_what_is_told_at_once_as_much_is_taken_as_there_is_room_for()
    {
        var queue = new WatchQueue(new QueueBudget(0));
        ToldBatch[] told = [.. Enumerable.Range(0, 20).Select(i => new ToldBatch(default, Event(i, 1000)))];
        Assert.That(queue.Add(told), Is.EqualTo(14), "14 times 1,128 is no more than 16 KiB");
        Assert.That(queue.Add(told.AsMemory(14)), Is.Zero);
        Assert.That(queue.TryTake(out ReadOnlyMemory<ToldBatch> taken), Is.True);
        Assert.That(taken.Length, Is.EqualTo(14));
        Assert.That(queue.Add(told.AsMemory(14)), Is.Zero, "what is read counts until it is left behind");
        Assert.That(queue.TryTake(out _), Is.False);
        Assert.That(queue.Add(told.AsMemory(14)), Is.EqualTo(6));
    }

    private static bool TryAdd(WatchQueue queue, WatchEvent added) => queue.Add(new[] { new ToldBatch(default, added) }) == 1;

    private static WatchEvent Event(int revision, int bytes) =>
        WatchEvent.Changes(new Position(default, new Revision((ulong)revision), 0), default, new byte[bytes]);
}
