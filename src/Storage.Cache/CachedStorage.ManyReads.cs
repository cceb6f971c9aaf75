using WsStorage.Cache.Entries;

namespace WsStorage.Cache;

/// <content>Reads of many keys.</content>
public sealed partial class CachedStorage
{
    /// <inheritdoc/>
    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default) =>
        GetManyAsync(keys, _options.Consistency, cancellationToken);

    /// <summary>
    /// Reads many keys at one revision, with a consistency of its own: all from the cache, or all from the source.
    /// </summary>
    /// <param name="keys">The keys, in any order; the same key may stand more than once.</param>
    /// <param name="consistency">What it may answer with.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>One value or <see langword="null"/> for each key, in the order of <paramref name="keys"/>.</returns>
    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CacheConsistency consistency, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<GetManyResult>(cancellationToken);
        }

        if (_closed)
        {
            return ValueTask.FromException<GetManyResult>(Closed());
        }

        int generation = _seen.Generation;
        if (consistency == CacheConsistency.LastSeen && TryHitAll(keys, out GetManyResult hit))
        {
            Interlocked.Add(ref _manyHits, keys.Count);
            _seen.Observe(hit.Revision, generation);
            return new ValueTask<GetManyResult>(hit);
        }

        return FetchManyAsync(keys, generation, cancellationToken);
    }

    /// <summary>
    /// Answers from the cache if that is one revision. An entry alone may be of a later revision than the watch's place, and two
    /// of them of different ones. So only those count that were there before the moment that the cache is known to be true of:
    /// they are of a revision up to the watch's place, and have survived everything since, so all are of exactly that place.
    /// </summary>
    private bool TryHitAll(IReadOnlyList<ReadOnlyMemory<byte>> keys, out GetManyResult result)
    {
        result = default;
        ulong needed = _seen.Revision;
        if (keys.Count == 0 || !_watermark.TryGetFresh(out long freshAsOf))
        {
            return false;
        }

        ulong watched = _watermark.Watched;
        if (watched < needed)
        {
            return false;
        }

        byte[]?[] values = new byte[]?[keys.Count];
        for (int i = 0; i < values.Length; i++)
        {
            var hashed = new HashedKey(keys[i].Span);
            if (!_entries.ShardOf(hashed.Hash).TryGetOlder(hashed, freshAsOf, out values[i]))
            {
                return false;
            }
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Copy(values[i]);
        }

        result = new GetManyResult(values, new Revision(watched));
        return true;
    }

    private async ValueTask<GetManyResult> FetchManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, int generation, CancellationToken cancellationToken)
    {
        var fills = new Fill?[keys.Count];
        int ended = 0;
        try
        {
            Register(keys, fills, generation);
            GetManyResult answer = await _source.GetManyAsync(keys, cancellationToken).ConfigureAwait(false);
            _seen.Observe(answer.Revision, generation);
            long now = _options.TimeProvider.GetTimestamp();
            for (; ended < fills.Length; ended++)
            {
                if (fills[ended] is { } fill)
                {
                    _entries.ShardOf(fill.Hash).Complete(fill, new GetResult(answer.Values[ended], answer.Revision), now);
                }
            }

            return answer;
        }
        finally
        {
            for (; ended < fills.Length; ended++)
            {
                if (fills[ended] is { } fill)
                {
                    _entries.ShardOf(fill.Hash).Abandon(fill);
                }
            }
        }
    }

    private void Register(IReadOnlyList<ReadOnlyMemory<byte>> keys, Fill?[] fills, int generation)
    {
        long now = _options.TimeProvider.GetTimestamp();
        for (int i = 0; i < fills.Length; i++)
        {
            StorageLimits.CheckKey(keys[i].Span);
            if (_cachesAll || _options.Range.Contains(keys[i].Span))
            {
                Interlocked.Increment(ref _misses);
                byte[] key = keys[i].ToArray();
                var fill = new Fill(key, KeyComparer.Hash(key), now, generation, isShared: false);
                _entries.ShardOf(fill.Hash).Register(fill, _watermark);
                fills[i] = fill;
            }
        }
    }
}
