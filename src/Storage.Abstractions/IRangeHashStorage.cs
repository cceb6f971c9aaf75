namespace WsStorage;

/// <summary>A storage that hashes its rows where they lie, so that they need not travel to be compared.</summary>
public interface IRangeHashStorage : IStorage
{
    /// <summary>Hashes the rows of a range, in key order, all of it at one revision.</summary>
    /// <param name="options">What to hash and how finely.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    /// <returns>The hashes of consecutive ranges that together cover what was asked for: at least one, unless the range is
    /// empty. Their bounds belong to the receiver.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Unsupported"/>: the store does not do this.</exception>
    IAsyncEnumerable<RangeHash> HashRangesAsync(RangeHashOptions options, CancellationToken cancellationToken = default);
}
