namespace WsStorage.Replica.Following;

/// <summary>
/// Measures how old the copy is that is read. At the time that a question was sent, the source was at least at the revision that
/// it answered; so once the copy has that revision, it is as new as the source was when the question was sent. Thread-safe.
/// </summary>
/// <param name="source">The source, which is asked regularly.</param>
/// <param name="options">How often, and by which clock.</param>
internal sealed class LagMeter(IStorage source, ReplicaOptions options)
{
    // Of more answers than this that the copy has not reached, every other one is forgotten: the measure gets coarser, not wrong.
    private const int MostUnreached = 256;

    private readonly Lock _gate = new();
    private readonly List<Answer> _unreached = [];
    private StorageInfo? _source;
    private Position? _served;
    private bool _isLost;
    private Answer? _fresh;

    /// <summary>What the source said last; none before it has said anything.</summary>
    public StorageInfo? Source
    {
        get
        {
            lock (_gate)
            {
                return _source;
            }
        }
    }

    /// <summary>How old the copy may be at the most; none when that is not known.</summary>
    public TimeSpan? Staleness
    {
        get
        {
            lock (_gate)
            {
                return _fresh is { } fresh ? options.TimeProvider.GetElapsedTime(fresh.SentAt) + fresh.SourceStaleness : null;
            }
        }
    }

    /// <summary>How many revisions the copy is behind what the source said last; none when they can't be compared.</summary>
    public long? RevisionLag
    {
        get
        {
            lock (_gate)
            {
                return !_isLost && _source is { } source && _served is { } served && source.Epoch == served.Epoch
                    ? (long)(source.Revision.Value - Math.Min(source.Revision.Value, served.Revision.Value))
                    : null;
            }
        }
    }

    /// <summary>Asks the source how far it is.</summary>
    /// <returns>What it said, and a timestamp of before it was asked.</returns>
    public async ValueTask<(StorageInfo Info, long SentAt)> AskAsync(CancellationToken cancellationToken)
    {
        long sentAt = options.TimeProvider.GetTimestamp();
        StorageInfo info = await source.GetInfoAsync(cancellationToken).ConfigureAwait(false);
        Take(info, sentAt);
        return (info, sentAt);
    }

    /// <summary>The copy that is read has reached a position.</summary>
    public void Reach(Position position)
    {
        lock (_gate)
        {
            if (_served is { } before && before.Epoch != position.Epoch)
            {
                _fresh = null;
            }

            _served = position;
            _isLost = false;
            Settle();
        }
    }

    /// <summary>The copy that is read is of another history than the source has now: what the source says of itself tells nothing
    /// of it any more, until another copy is read.</summary>
    public void Lose()
    {
        lock (_gate)
        {
            _isLost = true;
            _unreached.Clear();
        }
    }

    /// <summary>Whether the copy was, some time ago at the most, as new as the source.</summary>
    /// <param name="timestamp">When the reader asked.</param>
    /// <param name="age">The time before that.</param>
    public bool IsNoOlderThan(long timestamp, TimeSpan age)
    {
        lock (_gate)
        {
            return _fresh is { } fresh && options.TimeProvider.GetElapsedTime(fresh.SentAt, timestamp) + fresh.SourceStaleness <= age;
        }
    }

    private void Take(StorageInfo info, long sentAt)
    {
        lock (_gate)
        {
            _source = info;

            // Nothing can be said of a source that does not know itself how old it is.
            if (info.Staleness == TimeSpan.MaxValue)
            {
                return;
            }

            if (_unreached.Count == MostUnreached)
            {
                int place = 0;
                _unreached.RemoveAll(_ => place++ % 2 == 1);
            }

            _unreached.Add(new Answer(sentAt, info.Position, info.Staleness ?? TimeSpan.Zero));
            Settle();
        }
    }

    private void Settle()
    {
        if (_isLost || _served is not { } served)
        {
            return;
        }

        foreach (Answer answer in _unreached)
        {
            if (IsReached(answer, served) && (_fresh is null || answer.FreshAt(options.TimeProvider) >= _fresh.Value.FreshAt(options.TimeProvider)))
            {
                _fresh = answer;
            }
        }

        _unreached.RemoveAll(answer => IsReached(answer, served));
    }

    private static bool IsReached(Answer answer, Position served) =>
        answer.Position.Epoch == served.Epoch && answer.Position.Revision <= served.Revision;

    private readonly record struct Answer(long SentAt, Position Position, TimeSpan SourceStaleness)
    {
        /// <summary>The timestamp at which the first source of all was as the copy is.</summary>
        public double FreshAt(TimeProvider time) => SentAt - (SourceStaleness.TotalSeconds * time.TimestampFrequency);
    }
}
