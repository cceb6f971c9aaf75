namespace WsStorage.Replica.Serving;

/// <summary>Takes invalidations to the watches of the replica that asked for them. Thread-safe.</summary>
internal sealed class Invalidations
{
    private readonly Lock _gate = new();
    private readonly HashSet<Subscription> _subscriptions = [];

    /// <summary>Begins to hear of them; to be disposed of.</summary>
    public Subscription Subscribe()
    {
        var subscription = new Subscription(this);
        lock (_gate)
        {
            _subscriptions.Add(subscription);
        }

        return subscription;
    }

    /// <summary>Tells all who hear of them.</summary>
    public void Tell(IReadOnlyList<KeyRange> ranges)
    {
        lock (_gate)
        {
            foreach (Subscription subscription in _subscriptions)
            {
                subscription.Add(ranges);
            }
        }
    }

    /// <summary>What one watch has not told its reader yet.</summary>
    internal sealed class Subscription(Invalidations owner) : IDisposable
    {
        private const int MostRanges = 1000;

        private readonly Lock _gate = new();
        private readonly Pulse _added = new();
        private List<KeyRange> _ranges = [];

        /// <summary>Completes when there is more.</summary>
        public Task Added => _added.Next;

        public void Add(IReadOnlyList<KeyRange> ranges)
        {
            lock (_gate)
            {
                // More than a slow reader's share become one, of everything.
                _ranges = _ranges.Count + ranges.Count > MostRanges ? [KeyRange.All] : [.. _ranges, .. ranges];
            }

            _added.Beat();
        }

        /// <summary>Takes what has not been told.</summary>
        /// <returns>The ranges; none when all has been told.</returns>
        public IReadOnlyList<KeyRange> Take()
        {
            lock (_gate)
            {
                List<KeyRange> taken = _ranges;
                if (taken.Count > 0)
                {
                    _ranges = [];
                }

                return taken;
            }
        }

        public void Dispose()
        {
            lock (owner._gate)
            {
                owner._subscriptions.Remove(this);
            }
        }
    }
}
