namespace WsStorage.Leases;

/// <summary>Takes the key of a lock as soon as it is free: watches it, and tries whenever it is removed.</summary>
internal static class LockWait
{
    public static async ValueTask<Claim> TakeAsync(
        StorageLease lease, bool ownsLease, byte[] key, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Ended);
        try
        {
            Claim? claim = await Claim.TryTakeAsync(lease, ownsLease, key, ending.Token).ConfigureAwait(false);
            while (claim is null)
            {
                claim = await WatchAsync(lease, ownsLease, key, ending.Token).ConfigureAwait(false);
            }

            return claim;
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            lease.ThrowIfEnded();
            throw;
        }
    }

    /// <summary>Tries whenever the key may be free.</summary>
    /// <returns>The claim; none when the watch has lost its place and has to begin anew.</returns>
    private static async ValueTask<Claim?> WatchAsync(
        StorageLease lease, bool ownsLease, byte[] key, CancellationToken cancellationToken)
    {
        var options = new WatchOptions { Range = KeyRange.Single(key), KeysOnly = true };
        bool hasBegun = false;
        try
        {
            await foreach (WatchEvent told in lease.Storage.WatchAsync(options, cancellationToken).ConfigureAwait(false))
            {
                // The first event says that the watch has begun: the key may have been removed before that.
                bool mayBeFree = !hasBegun || IsRemoval(told);
                hasBegun = true;
                if (mayBeFree
                    && await Claim.TryTakeAsync(lease, ownsLease, key, cancellationToken).ConfigureAwait(false) is { } claim)
                {
                    return claim;
                }
            }
        }
        catch (StorageException exception) when (exception.Code
            is StorageErrorCode.Compacted or StorageErrorCode.EpochChanged or StorageErrorCode.Diverged)
        {
            // What happened meanwhile can't be told any more; whether the key is free can be asked.
        }

        return null;
    }

    private static bool IsRemoval(WatchEvent told)
    {
        // Only the one key is watched, so the last change counts; a mark has none.
        bool isRemoval = false;
        foreach (Change change in told)
        {
            isRemoval = change.Kind != BatchOperationKind.Put;
        }

        return isRemoval;
    }
}
