namespace WsStorage.Testing;

/// <summary>
/// What a storage should do, in the plainest way there is: a sorted dictionary and a counter. Shares no code with any
/// engine.
/// </summary>
/// <param name="revision">Where the count starts.</param>
public sealed class StorageModel(Revision revision)
{
    private readonly SortedDictionary<byte[], byte[]> _rows = new(Bytes.Order);

    /// <summary>The revision of the last batch.</summary>
    public Revision Revision { get; private set; } = revision;

    /// <summary>A key's value.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The value, or <see langword="null"/>.</returns>
    public byte[]? Get(byte[] key) => _rows.GetValueOrDefault(key);

    /// <summary>The rows of a range.</summary>
    /// <param name="options">The range, the direction, the limit, and whether values are left out.</param>
    /// <returns>The rows in order.</returns>
    public IReadOnlyList<Entry> Scan(ScanOptions options)
    {
        IEnumerable<Entry> rows = _rows
            .Where(row => InRange(row.Key, options.Range.Start.ToArray(), options.Range.End.ToArray()))
            .Select(row => new Entry(row.Key, options.KeysOnly ? [] : row.Value));
        rows = options.Reverse ? rows.Reverse() : rows;
        return [.. rows.Take((int)Math.Min(options.Limit, int.MaxValue))];
    }

    /// <summary>Applies a batch, or says why not.</summary>
    /// <param name="preconditions">What must hold before.</param>
    /// <param name="operations">What to do then, in order.</param>
    /// <returns>The place of the first precondition that did not hold, or -1.</returns>
    public int Write(IReadOnlyList<ModelPrecondition> preconditions, IReadOnlyList<ModelOperation> operations)
    {
        for (int i = 0; i < preconditions.Count; i++)
        {
            if (!Holds(preconditions[i]))
            {
                return i;
            }
        }

        foreach (ModelOperation operation in operations)
        {
            Apply(operation);
        }

        Revision = operations.Count > 0 ? Revision.Next : Revision;
        return -1;
    }

    private static bool InRange(byte[] key, byte[] start, byte[] end) =>
        Bytes.Order.Compare(key, start) >= 0 && (end.Length == 0 || Bytes.Order.Compare(key, end) < 0);

    private bool Holds(ModelPrecondition precondition)
    {
        byte[]? value = Get(precondition.Key);
        return precondition.Kind switch
        {
            PreconditionKind.Absent => value is null,
            PreconditionKind.Present => value is not null,
            _ => value is not null && value.SequenceEqual(precondition.Value),
        };
    }

    private void Apply(ModelOperation operation)
    {
        switch (operation.Kind)
        {
            case BatchOperationKind.Put:
                _rows[operation.Key] = operation.Second;
                break;
            case BatchOperationKind.Remove:
                _rows.Remove(operation.Key);
                break;
            default:
                foreach (byte[] key in _rows.Keys.Where(key => InRange(key, operation.Key, operation.Second)).ToList())
                {
                    _rows.Remove(key);
                }

                break;
        }
    }
}

/// <summary>An operation of a random batch.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Key">The key, or a range's start.</param>
/// <param name="Second">The value, or a range's end; empty otherwise.</param>
public sealed record ModelOperation(BatchOperationKind Kind, byte[] Key, byte[] Second)
{
    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        BatchOperationKind.Put => $"put {Bytes.Show(Key)}={Bytes.Show(Second)}",
        BatchOperationKind.Remove => $"remove {Bytes.Show(Key)}",
        _ => $"remove [{Bytes.Show(Key)}, {(Second.Length == 0 ? "end" : Bytes.Show(Second))})",
    };
}

/// <summary>A precondition of a random batch.</summary>
/// <param name="Kind">What it demands.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">The value of <see cref="PreconditionKind.Equal"/>; empty otherwise.</param>
public sealed record ModelPrecondition(PreconditionKind Kind, byte[] Key, byte[] Value)
{
    /// <inheritdoc/>
    public override string ToString() => Kind == PreconditionKind.Equal
        ? $"{Bytes.Show(Key)} is {Bytes.Show(Value)}"
        : $"{Bytes.Show(Key)} is {(Kind == PreconditionKind.Absent ? "absent" : "present")}";
}
