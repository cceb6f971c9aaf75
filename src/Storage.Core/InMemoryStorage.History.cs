using WsStorage.Core.Followers;
using WsStorage.Core.Sessions;

namespace WsStorage.Core;

/// <content>What is kept of history, and of sessions.</content>
public sealed partial class InMemoryStorage
{
    private readonly SessionTable _sessions;
    private readonly FollowerTable _followers = new();

    /// <inheritdoc/>
    public TimeSpan SessionRetention => _sessions.Retention;

    /// <inheritdoc/>
    public ulong GetLastNumber(Guid session) => _sessions.GetLastNumber(session);

    /// <inheritdoc/>
    public ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            FollowerTable.Check(follower, duration);
            ChangeHistory(state => Keep(state, follower, after, duration));
            return ValueTask.CompletedTask;
        }
        catch (Exception exception) when (exception is StorageException or OperationCanceledException)
        {
            return ValueTask.FromException(exception);
        }
    }

    /// <summary>Removes history: what was committed up to a revision can be followed no more. The data stays.</summary>
    /// <param name="through">The revision; history at or below it is gone afterwards. What is gone already is no error.</param>
    /// <param name="ignoreFollowers">Whether history that is kept for followers goes too (<see cref="KeepHistoryAsync"/>); it is
    /// refused otherwise.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Is complete.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: the revision is beyond the store's, or
    /// a follower needs what is to go. <see cref="StorageErrorCode.Closed"/>.</exception>
    public ValueTask CompactAsync(
        Revision through, bool ignoreFollowers = false, CancellationToken cancellationToken = default)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            ChangeHistory(state => Compact(state, through, ignoreFollowers));
            return ValueTask.CompletedTask;
        }
        catch (Exception exception) when (exception is StorageException or OperationCanceledException)
        {
            return ValueTask.FromException(exception);
        }
    }

    /// <summary>After which revision followers need all history; none without followers. Under the write lock.</summary>
    private Revision? FollowedFrom()
    {
        long now = Now();
        Revision? least = _followers.Least(now);
        if (least is null || least >= _feed.TailStart)
        {
            return least;
        }

        // One whose history is gone, since there was too much of it, holds nothing more.
        ForgetIdleFollowers(now);
        return _followers.Least(now);
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private void ChangeHistory(Action<StoreState> change)
    {
        _lock.EnterWriteLock();
        try
        {
            change(OpenState());
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }

    private void Keep(StoreState state, string follower, Revision after, TimeSpan duration)
    {
        long now = Now();
        ForgetIdleFollowers(now);
        if (duration == TimeSpan.Zero)
        {
            _followers.Remove(follower);
            return;
        }

        _followers.CheckKeep(follower, after, _feed.TailStart, state.Revision, now);
        _followers.Set(follower, after, now + Math.Max(1, (long)duration.TotalMilliseconds));
    }

    private void Compact(StoreState state, Revision through, bool ignoreFollowers)
    {
        if (through > state.Revision)
        {
            throw StorageException.InvalidArgument(
                $"History can't be compacted through revision {through}: the store is at {state.Revision}.");
        }

        long now = Now();
        if (through > _feed.TailStart)
        {
            if (!ignoreFollowers)
            {
                ForgetIdleFollowers(now);
                _followers.CheckCompact(through, now);
            }

            _feed.Compact(through);
            ForgetIdleFollowers(now);
        }
    }

    private int CountFollowers()
    {
        long now = Now();
        ForgetIdleFollowers(now);
        return _followers.Count(now);
    }

    private void ForgetIdleFollowers(long now)
    {
        foreach (IdleFollower follower in _followers.FindIdle(_feed.TailStart, now))
        {
            _followers.Remove(follower.Name);
        }
    }

    /// <summary>Applies a batch unless it was applied before; under the write lock.</summary>
    private WriteResult ApplyOnce(StoreState state, WriteBatch batch, in WriteStamp stamp)
    {
        long now = Now();
        if (_sessions.IsSweepDue(now))
        {
            _sessions.Sweep(now, []);
        }

        ulong hash = BodyHash.Of(batch);
        if (_sessions.Answer(stamp, hash, now) is { } answer)
        {
            return answer;
        }

        WriteResult result = state.Apply(batch);
        _sessions.Record(stamp.Session, new SessionWrite(stamp.Number, hash, result));
        return result;
    }
}
