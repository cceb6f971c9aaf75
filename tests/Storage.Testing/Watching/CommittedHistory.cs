namespace WsStorage.Testing;

/// <summary>What was committed, by revision, as those say who wrote it. Thread-safe.</summary>
public sealed class CommittedHistory
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<Revision, IReadOnlyList<ModelOperation>> _batches = [];

    /// <summary>The last revision that is known.</summary>
    public Revision Last
    {
        get
        {
            lock (_gate)
            {
                return _batches.Count == 0 ? Revision.None : _batches.Keys.Last();
            }
        }
    }

    /// <summary>A batch was acknowledged.</summary>
    /// <param name="revision">Its revision.</param>
    /// <param name="operations">What it did.</param>
    public void Add(Revision revision, IReadOnlyList<ModelOperation> operations)
    {
        lock (_gate)
        {
            _batches.Add(revision, operations);
        }
    }

    /// <summary>What a watch of a range should tell of a batch, found in the plainest way.</summary>
    /// <param name="revision">The batch.</param>
    /// <param name="options">The watch.</param>
    /// <returns>The operations as texts; none if the batch does not touch the range.</returns>
    public IReadOnlyList<string> Expected(Revision revision, WatchOptions options)
    {
        lock (_gate)
        {
            return _batches.TryGetValue(revision, out IReadOnlyList<ModelOperation>? operations)
                ? [.. operations.Select(operation => Cut(operation, options)).OfType<ModelOperation>().Select(cut => cut.ToString())]
                : [];
        }
    }

    /// <summary>The revisions after one and up to another whose batches touch what is watched.</summary>
    /// <param name="after">The first revision left out.</param>
    /// <param name="through">The last one.</param>
    /// <param name="options">The watch.</param>
    /// <returns>The revisions in order.</returns>
    public IReadOnlyList<Revision> Touching(Revision after, Revision through, WatchOptions options)
    {
        Revision[] all;
        lock (_gate)
        {
            all = [.. _batches.Keys.Where(revision => revision > after && revision <= through)];
        }

        return [.. all.Where(revision => Expected(revision, options).Count > 0)];
    }

    private static ModelOperation? Cut(ModelOperation operation, WatchOptions options)
    {
        byte[] start = options.Range.Start.ToArray();
        byte[] end = options.Range.End.ToArray();
        if (operation.Kind != BatchOperationKind.RemoveRange)
        {
            bool inside = Bytes.Order.Compare(operation.Key, start) >= 0 && IsBefore(operation.Key, end);
            return inside ? operation with { Second = options.KeysOnly ? [] : operation.Second } : null;
        }

        byte[] from = Bytes.Order.Compare(operation.Key, start) >= 0 ? operation.Key : start;
        byte[] to = end.Length == 0 || (operation.Second.Length > 0 && Bytes.Order.Compare(operation.Second, end) < 0) ? operation.Second : end;

        // A watch of all keys is told of every operation, even of the removal of no key.
        bool isAll = start.Length == 0 && end.Length == 0;
        return isAll || IsBefore(from, to) ? operation with { Key = from, Second = to } : null;
    }

    private static bool IsBefore(byte[] key, byte[] end) => end.Length == 0 || Bytes.Order.Compare(key, end) < 0;
}
