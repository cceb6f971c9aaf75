using WsStorage.Cache.Entries;

namespace WsStorage.Cache;

/// <content>Reads of one key.</content>
public sealed partial class CachedStorage
{
    /// <inheritdoc/>
    public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        GetAsync(key, _options.Consistency, cancellationToken);

    /// <summary>Reads one key, with a consistency of its own.</summary>
    /// <param name="key">0 to <see cref="StorageLimits.MaxKeyBytes"/> bytes.</param>
    /// <param name="consistency">What it may answer with.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The value, or none, as of <see cref="GetResult.Revision"/> or later.</returns>
    public ValueTask<GetResult> GetAsync(
        ReadOnlyMemory<byte> key, CacheConsistency consistency, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<GetResult>(cancellationToken);
        }

        if (_closed)
        {
            return ValueTask.FromException<GetResult>(Closed());
        }

        StorageLimits.CheckKey(key.Span);
        int generation = _seen.Generation;
        if (!_cachesAll && !_options.Range.Contains(key.Span))
        {
            return PassAsync(key, generation, cancellationToken);
        }

        ulong needed = _seen.Revision;
        var hashed = new HashedKey(key.Span);
        EntryShard shard = _entries.ShardOf(hashed.Hash);
        if (consistency == CacheConsistency.LastSeen && _watermark.IsFresh)
        {
            // In this order: what is found after the watch's place was read has survived everything up to there.
            ulong watched = _watermark.Watched;
            if (shard.TryGet(hashed, watched, needed, out byte[]? value, out ulong revision))
            {
                var result = new GetResult(Copy(value), new Revision(revision));
                _seen.Observe(result.Revision, generation);
                return new ValueTask<GetResult>(result);
            }
        }

        Interlocked.Increment(ref _misses);
        Fill? joined = consistency == CacheConsistency.LastSeen ? shard.TryJoin(hashed, _watermark.NotBefore) : null;
        return joined is null
            ? FetchAsync(shard, Begin(shard, key.ToArray(), hashed.Hash, generation), cancellationToken)
            : JoinAsync(shard, joined, needed, generation, cancellationToken);
    }

    private static byte[]? Copy(byte[]? value) => value?.AsSpan().ToArray();

    /// <summary>Waits for a read that another has sent, and sends one of its own if that brings less than is needed.</summary>
    private async ValueTask<GetResult> JoinAsync(
        EntryShard shard, Fill joined, ulong needed, int generation, CancellationToken cancellationToken)
    {
        GetResult answer = await joined.Answer.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (answer.Revision.Value >= needed)
        {
            return answer with { Value = Copy(answer.Value) };
        }

        return await FetchAsync(shard, Begin(shard, joined.Key, joined.Hash, generation), cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask<GetResult> FetchAsync(EntryShard shard, Fill fill, CancellationToken cancellationToken)
    {
        GetResult answer = await fill.Answer.WaitAsync(cancellationToken).ConfigureAwait(false);
        return fill.HasTakers ? answer with { Value = Copy(answer.Value) } : answer;
    }

    private Fill Begin(EntryShard shard, byte[] key, int hash, int generation)
    {
        var fill = new Fill(key, hash, _options.TimeProvider.GetTimestamp(), generation, isShared: true);
        shard.Register(fill, _watermark);
        _ = RunAsync(shard, fill);
        return fill;
    }

    /// <summary>Sends a read. It goes on when its reader gives up: others may have joined it.</summary>
    private async Task RunAsync(EntryShard shard, Fill fill)
    {
        GetResult answer;
        try
        {
            answer = await _source.GetAsync(fill.Key, _stopping).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            shard.Abandon(fill);
            fill.Fail(exception is OperationCanceledException && _closed ? Closed() : exception);
            return;
        }

        _seen.Observe(answer.Revision, fill.Generation);
        shard.Complete(fill, answer, _options.TimeProvider.GetTimestamp());
        fill.Succeed(answer);
    }

    private async ValueTask<GetResult> PassAsync(ReadOnlyMemory<byte> key, int generation, CancellationToken cancellationToken)
    {
        GetResult answer = await _source.GetAsync(key, cancellationToken).ConfigureAwait(false);
        _seen.Observe(answer.Revision, generation);
        return answer;
    }
}
