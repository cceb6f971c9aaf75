namespace WsStorage;

/// <summary>
/// A storage that takes many independent requests in one call, without allocating for each. A server hands over together
/// what arrived together; an application has no need of it.
/// </summary>
public interface IBatchStorage : IStorage
{
    /// <summary>Reads keys at one revision, at once, on the calling thread.</summary>
    /// <param name="keys">The keys, in any order.</param>
    /// <param name="receiver">Called once for each key, in the order of <paramref name="keys"/>, before this method
    /// returns.</param>
    /// <exception cref="StorageException">The storage failed; the receiver may have been called for some keys.</exception>
    void ReadMany(ReadOnlySpan<ReadOnlyMemory<byte>> keys, IValueReceiver receiver);

    /// <summary>
    /// Commits independent batches in their order. Each is atomic by itself, has a revision of its own, and succeeds or
    /// fails by its own preconditions. Calls are applied in the order in which they were made.
    /// </summary>
    /// <param name="batches">The batches; not to be changed until the returned task completes.</param>
    /// <param name="results">Filled with one result for each batch; at least as long as
    /// <paramref name="batches"/>.</param>
    /// <param name="cancellationToken">Ends the wait, not the writes; the batches and results stay in use until the
    /// storage has answered, so a caller that pools them passes none.</param>
    /// <returns>Completes once all batches are durable.</returns>
    /// <exception cref="StorageException">The storage failed; no result is valid.</exception>
    ValueTask WriteManyAsync(
        ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, CancellationToken cancellationToken = default);
}

/// <summary>Takes the values of <see cref="IBatchStorage.ReadMany"/> where they lie, without a copy.</summary>
public interface IValueReceiver
{
    /// <summary>Called once, before any value.</summary>
    /// <param name="revision">The values are those of this revision or a later one, the same for all.</param>
    void OnRevision(Revision revision);

    /// <summary>Called for a key that is present.</summary>
    /// <param name="index">The key's place in the call.</param>
    /// <param name="value">Valid only during this call.</param>
    void OnValue(int index, ReadOnlySpan<byte> value);

    /// <summary>Called for a key that is absent.</summary>
    /// <param name="index">The key's place in the call.</param>
    void OnMissing(int index);
}
