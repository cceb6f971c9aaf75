namespace WsStorage.Cache.Following;

/// <summary>
/// How far the watch is, and of which moment the cache is therefore true: every write that was acknowledged before it has been
/// passed by the watch. Thread-safe; readers take no lock.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="maxStaleness">How long the cache may be used after that moment.</param>
internal sealed class Watermark(TimeProvider time, TimeSpan maxStaleness)
{
    private readonly Lock _gate = new();
    private readonly Queue<(ulong Revision, long AskedAt)> _asked = new();
    private readonly long _maxStaleness = (long)(maxStaleness.TotalSeconds * time.TimestampFrequency);
    private ulong _watched;
    private long _freshUntil = long.MinValue;
    private bool _isFollowing;
    private Guid _epoch;

    /// <summary>All changes up to this revision have been passed.</summary>
    public ulong Watched => Volatile.Read(ref _watched);

    /// <summary>Whether the watch has begun and everything since has been passed, though it may be interrupted now.</summary>
    public bool IsFollowing => Volatile.Read(ref _isFollowing);

    /// <summary>Whether the cache is true of a moment that is not too long ago.</summary>
    public bool IsFresh => time.GetTimestamp() <= Volatile.Read(ref _freshUntil);

    /// <summary>The earliest moment that a read which begins now may be of, by the clock's timestamp.</summary>
    public long NotBefore => time.GetTimestamp() - _maxStaleness;

    /// <summary>Whether the cache <see cref="IsFresh"/>, and the moment that it is true of.</summary>
    public bool TryGetFresh(out long freshAsOf)
    {
        long until = Volatile.Read(ref _freshUntil);
        bool isFresh = time.GetTimestamp() <= until;
        freshAsOf = isFresh ? until - _maxStaleness : long.MinValue;
        return isFresh;
    }

    /// <summary>Whether a position is of the store that is watched; so is every one before the watch has begun.</summary>
    public bool IsOf(Guid epoch)
    {
        lock (_gate)
        {
            return !_isFollowing || _epoch == epoch;
        }
    }

    /// <summary>The watch has begun.</summary>
    /// <param name="position">After what.</param>
    /// <param name="askedAt">When it was asked for, if it begins with what is committed then.</param>
    public void Begin(Position position, long askedAt)
    {
        lock (_gate)
        {
            _epoch = position.Epoch;
            Volatile.Write(ref _watched, position.Revision.Value);
            _freshUntil = Math.Max(_freshUntil, askedAt + _maxStaleness);
            Volatile.Write(ref _isFollowing, true);
        }
    }

    /// <summary>The watch has passed everything up to a revision.</summary>
    public void Advance(Revision revision)
    {
        lock (_gate)
        {
            Volatile.Write(ref _watched, Math.Max(_watched, revision.Value));
            while (_asked.TryPeek(out (ulong Revision, long AskedAt) oldest) && oldest.Revision <= _watched)
            {
                Refresh(oldest.AskedAt);
                _asked.Dequeue();
            }
        }
    }

    /// <summary>The source has said how far it is: once that is passed, the cache is true of the moment of the question.</summary>
    /// <param name="position">How far.</param>
    /// <param name="askedAt">The moment.</param>
    public void Confirm(Position position, long askedAt)
    {
        lock (_gate)
        {
            if (!_isFollowing || _epoch != position.Epoch)
            {
                return;
            }

            if (position.Revision.Value <= _watched)
            {
                Refresh(askedAt);
                return;
            }

            while (_asked.TryPeek(out (ulong Revision, long AskedAt) oldest) && oldest.AskedAt + _maxStaleness < askedAt)
            {
                _asked.Dequeue();
            }

            _asked.Enqueue((position.Revision.Value, askedAt));
        }
    }

    /// <summary>What was passed means nothing any more.</summary>
    public void Reset()
    {
        lock (_gate)
        {
            Volatile.Write(ref _isFollowing, false);
            Volatile.Write(ref _freshUntil, long.MinValue);
            _asked.Clear();
        }
    }

    private void Refresh(long askedAt) => Volatile.Write(ref _freshUntil, Math.Max(_freshUntil, askedAt + _maxStaleness));
}
