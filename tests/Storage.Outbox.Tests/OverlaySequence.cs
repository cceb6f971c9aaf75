using FsCheck;
using FsCheck.Fluent;
using WsStorage.Core;
using WsStorage.Testing;

namespace WsStorage.Outbox.Tests;

/// <summary>
/// Random writes, some of them delivered and some pending, an opening anew now and then, and then random reads, compared with a
/// model that knows of no delivery.
/// </summary>
/// <param name="steps">The steps.</param>
public sealed class OverlaySequence(IReadOnlyList<OverlaySequence.Step> steps)
{
    private static readonly Gen<byte[]> Key =
        Gen.Choose(0, 3).SelectMany(length => Gen.Elements<byte>(0x00, 0x61, 0x62, 0xFE).ArrayOf(length));

    private static readonly Gen<ModelOperation> Operation = Gen.Frequency(
        (5, Key.Zip(Gen.Elements("", "v", "w")).Select(pair => new ModelOperation(BatchOperationKind.Put, pair.Item1, Bytes.Of(pair.Item2)))),
        (3, Key.Select(key => new ModelOperation(BatchOperationKind.Remove, key, []))),
        (1, Key.Two().Select(pair => new ModelOperation(BatchOperationKind.RemoveRange, pair.Item1, pair.Item2))));

    private static readonly Gen<ScanOptions> Scan =
        from bounds in Key.Two()
        from reverse in Gen.Elements(true, false)
        from keysOnly in Gen.Elements(true, false)
        from limit in Gen.Frequency((1, Gen.Constant(1000L)), (1, Gen.Choose(1, 4).Select(i => (long)i)))
        select new ScanOptions { Range = KeyRange.Between(bounds.Item1, bounds.Item2), Reverse = reverse, KeysOnly = keysOnly, Limit = limit };

    private static readonly Gen<Step> AnyStep = Gen.Frequency(
        (8, Operation.NonEmptyListOf().Select(operations => (Step)new Write([.. operations]))),
        (1, Gen.Constant((Step)new Deliver())),
        (1, Gen.Constant((Step)new Reopen())),
        (3, Scan.Select(options => (Step)new Read(options))));

    /// <summary>Sequences over few keys.</summary>
    public static Arbitrary<OverlaySequence> Arbitrary { get; } = Arb.From(
        AnyStep.ListOf().Select(list => new OverlaySequence([.. list])),
        sequence => sequence.Shorter());

    private IReadOnlyList<Step> Steps { get; } = steps;

    /// <summary>Runs it.</summary>
    /// <param name="deadline">Passed to every operation.</param>
    /// <returns>Completes when all is compared.</returns>
    public async Task CompareAsync(CancellationToken deadline)
    {
        await using var local = new InMemoryStorage();
        await using var target = new FaultyStorage();
        target.OnWrite = (_, _) => target.Holds ? WriteFault.Before : WriteFault.None;
        target.Holds = true;
        OutboxStorage outbox = await OutboxStorage.OpenAsync(local, target, OutboxFixture.Options, deadline);
        var model = new StorageModel(Revision.None);
        try
        {
            foreach (Step step in Steps.Append(new Read(new ScanOptions())))
            {
                switch (step)
                {
                    case Write write:
                        var one = new WriteStep([], write.Operations);
                        await outbox.WriteAsync(one.ToBatch(), deadline);
                        model.Write([], write.Operations);
                        break;
                    case Deliver:
                        target.Holds = false;
                        await outbox.FlushAsync(deadline);
                        target.Holds = true;
                        break;
                    case Reopen:
                        await outbox.DisposeAsync();
                        outbox = await OutboxStorage.OpenAsync(local, target, OutboxFixture.Options, deadline);
                        break;
                    case Read read:
                        await CompareReadsAsync(outbox, model, read.Options, deadline);
                        break;
                }
            }
        }
        finally
        {
            await outbox.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(Environment.NewLine, Steps);

    private static async Task CompareReadsAsync(OutboxStorage outbox, StorageModel model, ScanOptions options, CancellationToken deadline)
    {
        // The marker lies after all keys here.
        KeyRange range = options.Range.Intersect(KeyRange.Between(default, new byte[] { 0xFF }));
        ScanOptions cut = options with { Range = range };
        List<string> rows = [];
        await foreach (Entry row in outbox.ScanAsync(cut, deadline))
        {
            rows.Add($"{Bytes.Show(row.Key)}={Bytes.Show(row.Value)}");
        }

        Assert.That(rows, Is.EqualTo(model.Scan(cut).Select(row => $"{Bytes.Show(row.Key)}={Bytes.Show(row.Value)}")));
        byte[][] keys = [options.Range.Start.ToArray(), options.Range.End.ToArray(), [0x61], [0x61, 0x62]];
        GetManyResult many = await outbox.GetManyAsync([.. keys.Select(key => (ReadOnlyMemory<byte>)key)], deadline);
        Assert.That(many.Values.Select(Bytes.Show), Is.EqualTo(keys.Select(key => Bytes.Show(model.Get(key)))));
        foreach (byte[] key in keys)
        {
            Assert.That(Bytes.Show((await outbox.GetAsync(key, deadline)).Value), Is.EqualTo(Bytes.Show(model.Get(key))));
        }
    }

    private IEnumerable<OverlaySequence> Shorter()
    {
        for (int i = 0; i < Steps.Count; i++)
        {
            yield return new OverlaySequence([.. Steps.Take(i), .. Steps.Skip(i + 1)]);
        }
    }

    /// <summary>A step.</summary>
    public abstract record Step;

    private sealed record Write(IReadOnlyList<ModelOperation> Operations) : Step
    {
        public override string ToString() => $"write {string.Join(", ", Operations)}";
    }

    private sealed record Deliver : Step;

    private sealed record Reopen : Step;

    private sealed record Read(ScanOptions Options) : Step
    {
        public override string ToString() => new ScanStep(Options).ToString();
    }
}
