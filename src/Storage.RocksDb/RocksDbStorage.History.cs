using WsStorage.Core.Followers;

namespace WsStorage.RocksDb;

/// <content>What is kept of history, and of sessions.</content>
public sealed partial class RocksDbStorage
{
    /// <inheritdoc/>
    public TimeSpan SessionRetention => _options.SessionRetention;

    /// <inheritdoc/>
    public ulong GetLastNumber(Guid session) => _pipeline?.Sessions.GetLastNumber(session) ?? 0;

    /// <inheritdoc/>
    public ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        try
        {
            FollowerTable.Check(follower, duration);
            if (_options.CommitLogBytes == 0)
            {
                throw new StorageException(
                    StorageErrorCode.Unsupported,
                    $"The store in {_directory} keeps no history: {nameof(RocksDbOptions.CommitLogBytes)} is 0. Open it with a commit log.");
            }

            return Pipeline().KeepHistoryAsync(follower, after, duration, cancellationToken);
        }
        catch (StorageException e)
        {
            return ValueTask.FromException(e);
        }
    }

    /// <summary>Removes history: what was committed up to a revision can be followed no more, save for a while by what is in
    /// memory while there are watches (<see cref="RocksDbOptions.WatchTailBytes"/>). The data stays.</summary>
    /// <param name="through">The revision; history at or below it is gone afterwards. What is gone already is no error.</param>
    /// <param name="ignoreFollowers">Whether history that is kept for followers goes too (<see cref="KeepHistoryAsync"/>); it is
    /// refused otherwise.</param>
    /// <param name="cancellationToken">Ends the wait, not the work.</param>
    /// <returns>Completes when it is durable.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: the revision is beyond the store's, or
    /// a follower needs what is to go. <see cref="StorageErrorCode.ReadOnly"/>, <see cref="StorageErrorCode.DiskFull"/>,
    /// <see cref="StorageErrorCode.IOError"/>, <see cref="StorageErrorCode.Closed"/>.</exception>
    public ValueTask CompactAsync(
        Revision through, bool ignoreFollowers = false, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        try
        {
            return Pipeline().CompactAsync(through, ignoreFollowers, cancellationToken);
        }
        catch (StorageException e)
        {
            return ValueTask.FromException(e);
        }
    }
}
