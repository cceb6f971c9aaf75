using WsStorage.Core.Feed;
using WsStorage.Testing;

namespace WsStorage.Core.Tests.Feed;

/// <summary>Watches join, fall behind, leave and come back while groups are published without a pause.</summary>
[TestFixture]
public sealed class FeedStress
{
    [Test]
    public async Task Whatever_meets_a_watch_is_told_everything_once(
        [Values(ChangeFeedOptions.MinTailBytes, 1 << 20)] long tailBytes, [Values] bool isSparse)
    {
        using var feed = new FeedHarness(tailBytes);
        var ended = new TaskCompletionSource<Revision>(TaskCreationOptions.RunContinuationsAsynchronously);
        WatchOptions[] options =
        [
            .. Enumerable.Range(0, 12).Select(i => new WatchOptions
            {
                Range = (i % 4) switch { 0 => KeyRange.All, 1 => KeyRange.Prefix("k1"), 2 => KeyRange.Between(Bytes.Of("k3"), Bytes.Of("k7")), _ => KeyRange.Single(Bytes.Of("k42")) },
                KeysOnly = i >= 8,
                After = feed.Head,
            }),
        ];
        Task<List<ToldEvent>>[] watches = [.. options.Select((each, i) => Task.Run(() => FollowAsync(feed, each, seed: i, ended.Task)))];
        Task publisher = Task.Run(() => Publish(feed, ended, isSparse));
        await publisher;
        for (int i = 0; i < options.Length; i++)
        {
            new WatchGuarantees(feed.Committed, options[i], await watches[i]).CheckAll();
        }

        Assert.That(feed.Feed.WatchCount, Is.Zero);
    }

    private static void Publish(FeedHarness feed, TaskCompletionSource<Revision> ended, bool isSparse)
    {
        var random = new Random(1);
        for (int i = 0; i < 3000; i++)
        {
            string[] keys = [.. Enumerable.Range(0, random.Next(isSparse ? 0 : 1, 6)).Select(_ => $"k{random.Next(100)}")];
            if (isSparse)
            {
                feed.PutSparse(gap: random.Next(3), random.Next(600), keys);
            }
            else
            {
                feed.Put(random.Next(600), keys);
            }

            if (i % 100 == 0)
            {
                Thread.Yield();
            }
        }

        ended.SetResult(feed.Head.Revision);
        var last = new ModelOperation(BatchOperationKind.RemoveRange, [], []);
        _ = isSparse ? feed.CommitSparse(gap: 1, last) : feed.Commit([[last]]);
    }

    /// <summary>Follows in parts: some short, some after a rest in which much is published.</summary>
    private static async Task<List<ToldEvent>> FollowAsync(FeedHarness feed, WatchOptions options, int seed, Task<Revision> ended)
    {
        var random = new Random(seed);
        List<ToldEvent> told = [];
        while (true)
        {
            await using WatchProbe watch = await feed.WatchAsync(options);
            int leaveAfter = random.Next(2, 400);
            while (watch.Told.Count < leaveAfter)
            {
                ToldEvent next = await watch.NextAsync();
                if (ended.IsCompleted && next.Revision > await ended)
                {
                    return [.. told, .. watch.Told];
                }

                for (int i = random.Next(40); i == 0; i--)
                {
                    await Task.Yield();
                }
            }

            told.AddRange(watch.Told);
            options = options with { After = told[^1].Position };
        }
    }
}
