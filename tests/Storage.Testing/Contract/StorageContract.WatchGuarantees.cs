using FsCheck;
using FsCheck.Fluent;

namespace WsStorage.Testing;

public abstract partial class StorageContract
{
    private static readonly Gen<WatchOptions> AnyWatch =
        from range in ModelGenerators.Range.Where(range => !range.IsEmpty)
        from keysOnly in Gen.Frequency((3, Gen.Constant(false)), (1, Gen.Constant(true)))
        select new WatchOptions { Range = range, KeysOnly = keysOnly };

    [Test]
    public void Watches_keep_every_guarantee_over_random_writes()
    {
        var cases = Arb.From(
            from watches in Gen.Choose(1, 6).SelectMany(count => AnyWatch.ListOf(count))
            from steps in ModelGenerators.Write.ListOf()
            from resumeAt in Gen.Choose(0, 1000)
            select new WatchCase([.. watches], [.. steps.Cast<WriteStep>()], resumeAt));
        Property property = Prop.ForAll(cases, each => CheckAsync(each));
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(RandomCases), property);
    }

    [Test]
    public async Task Watches_keep_every_guarantee_while_many_write()
    {
        var committed = new CommittedHistory();
        WatchOptions[] options =
        [
            new(),
            new() { Range = KeyRange.Prefix("k") },
            new() { Range = KeyRange.Between(Bytes.Numbered("k", 10), Bytes.Numbered("k", 60)), KeysOnly = true },
            new() { Range = KeyRange.Between(Bytes.Numbered("k", 40), Bytes.Numbered("k", 90)) },
            new() { Range = KeyRange.Single(Bytes.Numbered("k", 50)) },
            new() { Range = KeyRange.From(Bytes.Numbered("k", 95)) },
        ];
        Position start = (await Storage.GetInfoAsync(Deadline)).Position;
        var finished = new TaskCompletionSource<Revision>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<List<ToldEvent>>[] watches =
        [
            .. options.Select((each, i) => Task.Run(() => FollowAsync(each with { After = start }, leaveEvery: i % 2 == 0 ? 7 : int.MaxValue, finished.Task))),
        ];
        (int tasks, int writes) = Concurrency;
        await Task.WhenAll(Enumerable.Range(0, tasks).Select(task => Task.Run(async () =>
        {
            var random = new Random(task);
            for (int i = 0; i < writes; i++)
            {
                var step = new WriteStep([], [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => AnyOperation(random))]);
                committed.Add((await Storage.WriteAsync(step.ToBatch(), Deadline)).Revision, step.Operations);
            }
        })));

        // A last batch touches every range: who is told of something after the end knows that it has been told everything.
        finished.SetResult(committed.Last);
        WriteStep last = RemoveEverything;
        committed.Add((await WriteAsync(last.ToBatch())).Revision, last.Operations);
        for (int i = 0; i < options.Length; i++)
        {
            new WatchGuarantees(committed, options[i], await watches[i]).CheckAll();
        }
    }

    [Test]
    public async Task A_watch_to_which_nothing_happens_learns_how_far_it_is_complete()
    {
        await using WatchProbe watch = await WatchAsync(
            new WatchOptions { Range = KeyRange.Prefix("quiet"), ProgressInterval = TimeSpan.FromMilliseconds(100) });
        for (int i = 0; i < 3; i++)
        {
            Revision other = await PutAsync("loud", $"{i}");
            await watch.ReadThroughAsync(other);
            Assert.That(watch.Told[^1].Kind, Is.EqualTo(WatchEventKind.Progress));
            Assert.That(watch.Told[^1].Position, Is.EqualTo((await Storage.GetInfoAsync(Deadline)).Position));
        }

        Assert.That(watch.Changes, Is.Empty);
        await using WatchProbe resumed = await WatchAsync(new WatchOptions { After = watch.Told[1].Position });
        Assert.That((await resumed.NextChangesAsync()).Revision, Is.EqualTo(watch.Told[1].Revision.Next));
    }

    private static WriteStep RemoveEverything => new([], [new ModelOperation(BatchOperationKind.RemoveRange, [], [])]);

    private static ModelOperation AnyOperation(Random random)
    {
        byte[] key = Bytes.Numbered("k", random.Next(100));
        return random.Next(20) switch
        {
            0 => new ModelOperation(BatchOperationKind.RemoveRange, key, Bytes.Numbered("k", random.Next(100))),
            < 5 => new ModelOperation(BatchOperationKind.Remove, key, []),
            int size => new ModelOperation(BatchOperationKind.Put, key, Bytes.Noise(size * 20, size)),
        };
    }

    private async Task CheckAsync(WatchCase given)
    {
        var committed = new CommittedHistory();
        List<WatchProbe> watches = [];
        try
        {
            foreach (WatchOptions options in given.Watches)
            {
                watches.Add(await WatchAsync(options));
            }

            foreach (WriteStep step in given.Steps.Append(RemoveEverything))
            {
                WriteResult result = await WriteAsync(step.ToBatch());
                if (result.Applied && step.Operations.Count > 0)
                {
                    committed.Add(result.Revision, step.Operations);
                }
            }

            for (int i = 0; i < watches.Count; i++)
            {
                await watches[i].ReadThroughAsync(committed.Last);
                var guarantees = new WatchGuarantees(committed, given.Watches[i], watches[i].Told);
                guarantees.CheckAll();
                int at = given.ResumeAt % watches[i].Told.Count;
                await using WatchProbe resumed = await WatchAsync(given.Watches[i] with { After = watches[i].Told[at].Position });
                await resumed.ReadThroughAsync(committed.Last);
                guarantees.CheckResumable(at, resumed.Told);
            }
        }
        finally
        {
            foreach (WatchProbe watch in watches)
            {
                await watch.DisposeAsync();
            }
        }
    }

    /// <summary>Follows until everything is told, and leaves now and then to go on from the last position.</summary>
    private async Task<List<ToldEvent>> FollowAsync(WatchOptions options, int leaveEvery, Task<Revision> finished)
    {
        List<ToldEvent> told = [];
        while (true)
        {
            await using WatchProbe watch = await WatchAsync(options);
            while (watch.Told.Count < leaveEvery)
            {
                ToldEvent next = await watch.NextAsync();
                if (finished.IsCompleted && next.Revision > await finished)
                {
                    return [.. told, .. watch.Told];
                }
            }

            told.AddRange(watch.Told);
            options = options with { After = told[^1].Position };
        }
    }

    private sealed record WatchCase(IReadOnlyList<WatchOptions> Watches, IReadOnlyList<WriteStep> Steps, int ResumeAt)
    {
        public override string ToString() => string.Join(Environment.NewLine, [
            .. Watches.Select(watch => $"watch [{Bytes.Show(watch.Range.Start.ToArray())}, {Bytes.Show(watch.Range.End.ToArray())}){(watch.KeysOnly ? " keys only" : "")}"),
            .. Steps.Select(step => $"{step}"),
            $"resume at {ResumeAt}",
        ]);
    }
}
