namespace WsStorage.WsClient;

/// <summary>
/// Requests that were taken out under the lock of the <see cref="RequestQueue"/>, to be told after it why they have failed.
/// </summary>
internal struct EndedRequests
{
    private List<(PendingRequest Request, StorageException Reason)>? _ended;

    /// <summary>Adds a request.</summary>
    /// <param name="request">The request, taken out.</param>
    /// <param name="reason">Why.</param>
    public void Add(PendingRequest request, StorageException reason) => (_ended ??= []).Add((request, reason));

    /// <summary>Tells them. Not under the lock.</summary>
    public readonly void Tell()
    {
        foreach ((PendingRequest request, StorageException reason) in _ended ?? [])
        {
            request.OnFailure(reason);
        }
    }
}
