using Microsoft.Extensions.Logging;
using WsStorage.Core.Followers;
using WsStorage.RocksDb.Commit;
using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.History;

/// <summary>
/// Says how much of the commit log stays: so many bytes, so long, and what followers still need, within a bound. Trims its
/// start once there is an eighth more than has to stay. Used by the committing thread.
/// </summary>
internal sealed class LogRetention
{
    private readonly Database _database;
    private readonly LogBounds _bounds;
    private readonly StorePosition _position;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ulong _keepBytes;
    private readonly ulong _maxBytes;
    private readonly long? _keepTime;
    private ulong _dueBytes;
    private long _dueTime;

    /// <summary>Loads the followers of a store that may be written.</summary>
    /// <param name="database">The database.</param>
    /// <param name="bounds">The ends of the log.</param>
    /// <param name="position">Is told up to where history is gone.</param>
    /// <param name="options">What stays.</param>
    /// <param name="logger">Told of what was trimmed.</param>
    public LogRetention(Database database, LogBounds bounds, StorePosition position, RocksDbOptions options, ILogger logger)
    {
        _database = database;
        _bounds = bounds;
        _position = position;
        _time = options.TimeProvider;
        _logger = logger;
        _keepBytes = (ulong)options.CommitLogBytes;
        _maxBytes = (ulong)options.CommitLogMaxBytes;
        _keepTime = (long?)options.CommitLogAge?.TotalMilliseconds;
        Followers = new StoredFollowers(database, logger);
        if (IsOn)
        {
            Followers.Load();
            Followers.RemoveIdle(position.Compacted, Now());
        }

        Rearm();
    }

    /// <summary>For whom history is kept.</summary>
    public StoredFollowers Followers { get; }

    /// <summary>Whether it is time for <see cref="Trim"/>.</summary>
    public bool IsDue => IsOn && (_bounds.ByteCount > _dueBytes || IsAged);

    private bool IsOn => _keepBytes > 0;

    private ulong SlackBytes => _keepBytes + (_keepBytes / 8);

    private bool IsAged => _keepTime is { } keep
        && _bounds.Oldest is { } oldest && oldest.First < _bounds.Newest!.Value.First
        && Now() is var now && now >= _dueTime && now - oldest.CommitTime > keep + (keep / 8);

    /// <summary>Removes the oldest records, as far as there is more than has to stay.</summary>
    /// <exception cref="StorageException">The disk failed.</exception>
    public void Trim()
    {
        if (_bounds.Oldest is not { } oldest || _bounds.Newest is not { } newest)
        {
            return;
        }

        long now = Now();
        LogRecord cut = Hold(FindCut(oldest, newest, now), oldest, newest, now);
        if (cut.First > oldest.First)
        {
            Remove(cut, new Revision(cut.First.Value - 1), now);
        }

        DeferNext(now);
    }

    /// <summary>Removes the history up to a revision.</summary>
    /// <param name="through">The revision, not beyond the store's.</param>
    /// <param name="ignoreFollowers">Whether what is kept for followers goes too.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>, or the disk failed.</exception>
    public void Compact(Revision through, bool ignoreFollowers)
    {
        if (through > _position.Revision)
        {
            throw StorageException.InvalidArgument(
                $"History can't be compacted through revision {through}: the store is at {_position.Revision}.");
        }

        if (through <= _position.Compacted || _bounds.Oldest is not { } oldest || _bounds.Newest is not { } newest)
        {
            return;
        }

        long now = Now();
        if (!ignoreFollowers)
        {
            Followers.Table.CheckCompact(through, now);
        }

        // The newest record stays in any case: the store's position is told by it.
        LogRecord cut = through < newest.Last ? CommitLog.FindHolding(_database, through.Next) ?? oldest : newest;
        Remove(cut, through, now);
        Rearm();
    }

    /// <summary>Keeps history for a follower.</summary>
    /// <param name="follower">Its name, checked.</param>
    /// <param name="after">What it has reached.</param>
    /// <param name="duration">For how long, from now; zero keeps nothing more.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Compacted"/>,
    /// <see cref="StorageErrorCode.InvalidArgument"/>, <see cref="StorageErrorCode.LimitExceeded"/>, or the disk failed.</exception>
    public void Keep(string follower, Revision after, TimeSpan duration)
    {
        if (duration == TimeSpan.Zero)
        {
            Followers.Remove(follower);
        }
        else
        {
            long now = Now();
            Followers.Table.CheckKeep(follower, after, _position.Compacted, _position.Revision, now);

            // At least a millisecond, so that what was just kept is not over already.
            long expires = now + Math.Max(1, (long)duration.TotalMilliseconds);
            Followers.Put(follower, after, expires, _position.Compacted, now);
        }

        Rearm();
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The oldest record that bytes and age ask to keep.</summary>
    private LogRecord FindCut(LogRecord oldest, LogRecord newest, long now)
    {
        LogRecord cut = _bounds.ByteCount > SlackBytes ? CommitLog.FindCut(_database, oldest, newest, _keepBytes) : oldest;
        if (_keepTime is { } keep && oldest.CommitTime < now - keep)
        {
            LogRecord byAge = CommitLog.FindCut(_database, oldest, newest, since: now - keep);
            cut = byAge.First > cut.First ? byAge : cut;
        }

        return cut;
    }

    /// <summary>Moves a cut back to what the followers need, as long as the log is within its bound.</summary>
    private LogRecord Hold(LogRecord cut, LogRecord oldest, LogRecord newest, long now)
    {
        if (Followers.Table.Least(now) is not { } least || cut.First <= least.Next)
        {
            return cut;
        }

        LogRecord held = CommitLog.FindHolding(_database, least.Next) ?? oldest;
        if (_bounds.ByteCount > _maxBytes)
        {
            LogRecord bound = CommitLog.FindCut(_database, oldest, newest, _maxBytes - (_maxBytes / 8));
            held = bound.First > held.First ? bound : held;
        }

        return held.First < cut.First ? held : cut;
    }

    /// <summary>Removes the records before one, notes up to where history is gone, and lets go of the followers that hold nothing,
    /// in one batch.</summary>
    private void Remove(LogRecord cut, Revision compacted, long now)
    {
        Span<byte> start = stackalloc byte[LogRecord.KeyBytes];
        Span<byte> end = stackalloc byte[LogRecord.KeyBytes];
        LogRecord.WriteKey(start, Revision.None);
        LogRecord.WriteKey(end, cut.First);
        using (var options = new WriteOptionsHandle(sync: true))
        using (var batch = new NativeBatch())
        {
            batch.RemoveRange(_database.Log!, start, end);
            StoreFacts.WriteCompacted(batch, _database, compacted);
            IReadOnlyList<IdleFollower> idle = Followers.AppendRemovalOfIdle(batch, compacted, now);
            batch.Write(_database, options);
            _bounds.TrimTo(cut);
            _position.Compacted = compacted;
            Log.Trimmed(_logger, compacted.Value);
            Followers.Forget(idle, compacted);
        }

        // The range removal hides the rows at once; whole files go now instead of by some later compaction.
        _database.DeleteFiles(_database.Log!, start, end);
    }

    /// <summary>The next attempt is made as soon as there is an eighth more than has to stay.</summary>
    private void Rearm()
    {
        _dueBytes = SlackBytes;
        _dueTime = long.MinValue;
    }

    /// <summary>What followers hold is not looked at again for every group, but once some more has come.</summary>
    private void DeferNext(long now)
    {
        ulong bytes = _bounds.ByteCount;
        _dueBytes = Math.Max(SlackBytes, bytes + (_keepBytes / 16));
        if (bytes <= _maxBytes && bytes > SlackBytes)
        {
            _dueBytes = Math.Max(SlackBytes, Math.Min(_dueBytes, _maxBytes));
        }

        _dueTime = now + ((_keepTime ?? 0) / 16);
    }
}
