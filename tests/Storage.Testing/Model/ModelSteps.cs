namespace WsStorage.Testing;

/// <summary>A storage under test beside its model.</summary>
/// <param name="Storage">The storage.</param>
/// <param name="Model">What it should do.</param>
/// <param name="ExactRevisions">Whether revisions must be those of the model.</param>
/// <param name="Deadline">Passed to every operation.</param>
public sealed record ModelRun(IStorage Storage, StorageModel Model, bool ExactRevisions, CancellationToken Deadline)
{
    /// <summary>Compares a revision that the storage told with the model's.</summary>
    /// <param name="told">The revision.</param>
    public void CheckRevision(Revision told)
    {
        if (ExactRevisions)
        {
            Assert.That(told, Is.EqualTo(Model.Revision), "revision");
        }
    }
}

/// <summary>One operation of a random sequence.</summary>
public abstract record ModelStep
{
    /// <summary>Does it on both sides and compares the answers.</summary>
    /// <param name="run">The two sides.</param>
    /// <returns>Completes when they have been compared.</returns>
    public abstract Task CompareAsync(ModelRun run);

    /// <summary>Simpler steps that may fail in the same way.</summary>
    /// <returns>The steps.</returns>
    public virtual IEnumerable<ModelStep> Shrink() => [];
}

/// <summary>Writes a batch.</summary>
/// <param name="Preconditions">What must hold before.</param>
/// <param name="Operations">What to do then, in order.</param>
public sealed record WriteStep(IReadOnlyList<ModelPrecondition> Preconditions, IReadOnlyList<ModelOperation> Operations) : ModelStep
{
    /// <inheritdoc/>
    public override async Task CompareAsync(ModelRun run)
    {
        WriteResult result = await run.Storage.WriteAsync(ToBatch(), run.Deadline);
        Assert.That(result.FailedPrecondition, Is.EqualTo(run.Model.Write(Preconditions, Operations)), "failed precondition");
        run.CheckRevision(result.Revision);
    }

    /// <inheritdoc/>
    public override IEnumerable<ModelStep> Shrink() =>
    [
        .. Shrinking.Shorter(Operations).Select(fewer => this with { Operations = fewer }),
        .. Shrinking.Shorter(Preconditions).Select(fewer => this with { Preconditions = fewer }),
    ];

    /// <inheritdoc/>
    public override string ToString()
    {
        string condition = Preconditions.Count == 0 ? "" : $"if {string.Join(" and ", Preconditions)}: ";
        return $"write {condition}{(Operations.Count > 40 ? $"{Operations.Count} operations, the first {Operations[0]}" : string.Join(", ", Operations))}";
    }

    /// <summary>The batch, to be given to a storage.</summary>
    /// <returns>A new batch.</returns>
    public WriteBatch ToBatch()
    {
        var batch = new WriteBatch();
        foreach (ModelPrecondition precondition in Preconditions)
        {
            _ = precondition.Kind switch
            {
                PreconditionKind.Absent => batch.RequireAbsent(precondition.Key),
                PreconditionKind.Present => batch.RequirePresent(precondition.Key),
                _ => batch.RequireEqual(precondition.Key, precondition.Value),
            };
        }

        foreach (ModelOperation operation in Operations)
        {
            _ = operation.Kind switch
            {
                BatchOperationKind.Put => batch.Put(operation.Key, operation.Second),
                BatchOperationKind.Remove => batch.Remove(operation.Key),
                _ => batch.RemoveRange(KeyRange.Between(operation.Key, operation.Second)),
            };
        }

        return batch;
    }
}

/// <summary>Reads one key.</summary>
/// <param name="Key">The key.</param>
public sealed record GetStep(byte[] Key) : ModelStep
{
    /// <inheritdoc/>
    public override async Task CompareAsync(ModelRun run)
    {
        GetResult result = await run.Storage.GetAsync(Key, run.Deadline);
        Assert.That(Bytes.Show(result.Value), Is.EqualTo(Bytes.Show(run.Model.Get(Key))), "value");
        run.CheckRevision(result.Revision);
    }

    /// <inheritdoc/>
    public override string ToString() => $"get {Bytes.Show(Key)}";
}

/// <summary>Reads many keys.</summary>
/// <param name="Keys">The keys.</param>
public sealed record GetManyStep(IReadOnlyList<byte[]> Keys) : ModelStep
{
    /// <inheritdoc/>
    public override async Task CompareAsync(ModelRun run)
    {
        GetManyResult result = await run.Storage.GetManyAsync([.. Keys.Select(key => (ReadOnlyMemory<byte>)key)], run.Deadline);
        Assert.That(result.Values.Select(Bytes.Show), Is.EqualTo(Keys.Select(key => Bytes.Show(run.Model.Get(key)))), "values");
        run.CheckRevision(result.Revision);
    }

    /// <inheritdoc/>
    public override IEnumerable<ModelStep> Shrink() => Shrinking.Shorter(Keys).Select(fewer => new GetManyStep(fewer));

    /// <inheritdoc/>
    public override string ToString() => $"get many {string.Join(", ", Keys.Select(Bytes.Show))}";
}

/// <summary>Reads a range.</summary>
/// <param name="Options">What to read and how.</param>
public sealed record ScanStep(ScanOptions Options) : ModelStep
{
    /// <inheritdoc/>
    public override async Task CompareAsync(ModelRun run)
    {
        List<string> rows = [];
        await foreach (ScanPage page in run.Storage.ScanPagesAsync(Options, run.Deadline))
        {
            run.CheckRevision(page.Revision);
            foreach (ScanPage.Row row in page)
            {
                rows.Add(Show(row.Key.ToArray(), row.Value.ToArray()));
            }
        }

        Assert.That(rows, Is.EqualTo(run.Model.Scan(Options).Select(row => Show(row.Key, row.Value))), "rows");
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        string end = Options.Range.End.IsEmpty ? "end" : Bytes.Show(Options.Range.End.ToArray());
        string limit = Options.Limit == long.MaxValue ? "" : $", at most {Options.Limit}";
        return $"scan [{Bytes.Show(Options.Range.Start.ToArray())}, {end}){(Options.Reverse ? " in reverse" : "")}"
            + $"{(Options.KeysOnly ? ", keys only" : "")}{limit}, pages of {Options.PageBytes}";
    }

    private static string Show(byte[] key, byte[] value) => $"{Bytes.Show(key)}={Bytes.Show(value)}";
}
