using FsCheck;
using FsCheck.Fluent;

namespace WsStorage.Testing;

/// <summary>A random sequence of operations, which can be made smaller and reads as a list.</summary>
/// <param name="steps">The operations.</param>
public sealed class ModelSequence(IReadOnlyList<ModelStep> steps)
{
    /// <summary>Sequences over few, close keys, so that operations meet.</summary>
    public static Arbitrary<ModelSequence> Arbitrary { get; } = Arb.From(
        ModelGenerators.Step.ListOf().Select(steps => new ModelSequence([.. steps])), sequence => sequence.Shrink());

    /// <summary>Runs the sequence on an emptied storage and on the model, and compares every answer, then all rows.</summary>
    /// <param name="storage">The storage; everything in it is removed first.</param>
    /// <param name="exactRevisions">Whether revisions must be those of the model.</param>
    /// <param name="deadline">Passed to every operation.</param>
    /// <returns>Completes when all is compared.</returns>
    public async Task CompareAsync(IStorage storage, bool exactRevisions, CancellationToken deadline)
    {
        Revision start = await storage.RemoveRangeAsync(KeyRange.All, deadline);
        var run = new ModelRun(storage, new StorageModel(start), exactRevisions, deadline);
        foreach (ModelStep step in steps)
        {
            await step.CompareAsync(run);
        }

        await new ScanStep(new ScanOptions()).CompareAsync(run);
        await new ScanStep(new ScanOptions { Reverse = true }).CompareAsync(run);
        run.CheckRevision((await storage.GetInfoAsync(deadline)).Revision);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Concat(steps.Select((step, i) => $"{Environment.NewLine}  {i + 1}. {step}")) + Environment.NewLine;

    private IEnumerable<ModelSequence> Shrink()
    {
        foreach (IReadOnlyList<ModelStep> fewer in Shrinking.Shorter(steps))
        {
            yield return new ModelSequence(fewer);
        }

        for (int i = 0; i < steps.Count; i++)
        {
            foreach (ModelStep simpler in steps[i].Shrink())
            {
                yield return new ModelSequence([.. steps.Take(i), simpler, .. steps.Skip(i + 1)]);
            }
        }
    }
}
