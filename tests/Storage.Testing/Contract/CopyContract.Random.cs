using FsCheck;
using FsCheck.Fluent;
using WsStorage.Core.Copies;

namespace WsStorage.Testing;

public abstract partial class CopyContract
{
    [Test]
    public void A_copy_of_a_random_history_equals_its_source([Values] bool isOfAllKeys)
    {
        Gen<IReadOnlyList<KeyRange>> ranges = isOfAllKeys
            ? Gen.Constant<IReadOnlyList<KeyRange>>([])
            : Gen.Choose(1, 3).SelectMany(count => ModelGenerators.Range.ListOf(count)).Select(some => (IReadOnlyList<KeyRange>)[.. some]);
        var cases = Arb.From(
            from copied in ranges
            from steps in ModelGenerators.Write.ListOf()
            from seed in Gen.Choose(0, int.MaxValue)
            select new CopyCase(copied, [.. steps.Cast<WriteStep>()], seed),
            each => Shrinking.Shorter(each.Steps).Select(fewer => each with { Steps = fewer }));
        Property property = Prop.ForAll(cases, each => CheckCopyAsync(each));
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(RandomCases), property);
    }

    /// <summary>Loads and follows in pieces of any size, while the source goes on.</summary>
    private async Task CheckCopyAsync(CopyCase given)
    {
        await using var source = new CopySource(Deadline);
        var random = new Random(given.Seed);
        var steps = new Queue<WriteStep>(given.Steps);
        await WriteOnAsync(random.Next(steps.Count + 1));
        ICopy copy = await Store.BeginAsync(given.Ranges, await source.HeadAsync(), Deadline);
        while (!copy.State.Load!.IsComplete)
        {
            (ReadOnlyMemory<byte> rows, CopyLoad load) = await source.ReadRowsAsync(copy.State.Load, given.Ranges, random.Next(1, 10));
            await copy.LoadAsync(rows, load, Deadline);
            await WriteOnAsync(random.Next(3));
        }

        do
        {
            await WriteOnAsync(random.Next(4));
            List<CopiedBatch> batches = [.. await source.ReadBatchesAsync(copy.State.Position, given.Ranges)];
            if (given.Ranges.Count > 0 && batches.LastOrDefault().Position != await source.HeadAsync() && random.Next(2) == 0)
            {
                batches.Add(await source.ReadProgressAsync());
            }

            int count = random.Next(batches.Count + 1);
            await copy.ApplyAsync(batches.Take(count).Where(batch => batch.Position != copy.State.Position).ToArray(), Deadline);
            Assert.That(await PositionAsync(copy), Is.EqualTo(copy.State.Position));
        }
        while (steps.Count > 0);

        await source.CatchUpAsync(copy);
        IAsyncDisposable? former = await Store.PromoteAsync(Deadline);
        if (former is not null)
        {
            await former.DisposeAsync();
        }

        copy = Store.Current!;
        Assert.That(await PositionAsync(copy), Is.EqualTo(await source.HeadAsync()));
        Assert.That(await source.RowsAsync(copy), Is.EqualTo(await source.RowsAsync(source.Storage, given.Ranges)));

        async Task WriteOnAsync(int count)
        {
            while (count-- > 0 && steps.TryDequeue(out WriteStep? step))
            {
                await source.Storage.WriteAsync(step.ToBatch(), Deadline);
            }
        }
    }

    private sealed record CopyCase(IReadOnlyList<KeyRange> Ranges, IReadOnlyList<WriteStep> Steps, int Seed)
    {
        public override string ToString() => string.Join(Environment.NewLine, [
            .. Ranges.Select(range => $"copy [{Bytes.Show(range.Start.ToArray())}, {Bytes.Show(range.End.ToArray())})"),
            .. Steps.Select(step => $"{step}"),
            $"seed {Seed}",
        ]);
    }
}
