using Microsoft.Extensions.Logging;
using WsStorage.Cache.Entries;

namespace WsStorage.Cache.Following;

/// <summary>Follows the changes of the source for as long as the cache lives, and drops the entries that they concern.</summary>
internal sealed class SourceWatch(
    IStorage source, EntryTable entries, Watermark watermark, LastSeen seen, CacheOptions options, ILogger logger)
{
    private static readonly TimeSpan LeastInterval = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider _time = options.TimeProvider;
    private readonly Backoff _backoff = new(options.Jitter);
    private readonly SourceProbe _probe = new(source, watermark, seen, options, logger);
    private Position? _position;
    private Guid _epoch;

    /// <summary>Follows until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            string reason;
            try
            {
                reason = await FollowWhileItIsOneStoreAsync(stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (StorageException exception)
            {
                reason = exception.Message;
                if (exception.Code is StorageErrorCode.Compacted or StorageErrorCode.EpochChanged or StorageErrorCode.Diverged)
                {
                    StartAnew(isOtherHistory: exception.Code != StorageErrorCode.Compacted);
                }
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // A source that misbehaves may have left out what it should have told.
                Log.WatchFailed(logger, options.Name, exception);
                reason = exception.Message;
                StartAnew(isOtherHistory: false);
            }

            TimeSpan delay = _backoff.Next();
            Log.Interrupted(logger, options.Name, delay, reason);
            try
            {
                await Task.Delay(delay, _time, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Watches, and asks the source how far it is beside that.</summary>
    /// <returns>Why it has ended without an error.</returns>
    private async Task<string> FollowWhileItIsOneStoreAsync(CancellationToken stop)
    {
        using var session = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task following = FollowAsync(session.Token);
        Task probing = _probe.RunAsync(session.Token);
        await Task.WhenAny(following, probing).ConfigureAwait(false);
        bool isOther = probing.IsCompletedSuccessfully && !following.IsCompleted;
        await session.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(following, probing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (isOther)
        {
            StartAnew(isOtherHistory: true);
            return "another store answers";
        }

        await following.ConfigureAwait(false);
        await probing.ConfigureAwait(false);
        return "the watch ended";
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        long askedAt = _time.GetTimestamp();
        var watch = new WatchOptions
        {
            Range = options.Range,
            After = _position,
            KeysOnly = true,
            Invalidations = true,
            ProgressInterval = options.MaxStaleness / 4 > LeastInterval ? options.MaxStaleness / 4 : LeastInterval,
        };
        await foreach (WatchEvent told in source.WatchAsync(watch, cancellationToken).ConfigureAwait(false))
        {
            Apply(told, askedAt);
            _position = told.Position;
            _backoff.Reset();
        }
    }

    private void Apply(in WatchEvent told, long askedAt)
    {
        if (!watermark.IsFollowing)
        {
            if (_epoch != told.Position.Epoch && _epoch != Guid.Empty)
            {
                seen.Forget();
            }

            _epoch = told.Position.Epoch;
            watermark.Begin(told.Position, askedAt);
            Log.Following(logger, options.Name, told.Position);
        }
        else if (told.Position.Epoch != _epoch)
        {
            throw new StorageException(
                StorageErrorCode.EpochChanged, $"The watch told of epoch {told.Position.Epoch} after {_epoch}; the cache begins anew.");
        }

        foreach (Change change in told)
        {
            if (change.Kind == BatchOperationKind.RemoveRange)
            {
                entries.Change(change.ToRange(), told.Revision.Value);
            }
            else
            {
                entries.Change(change.Key.Span, told.Revision.Value);
            }
        }

        foreach (KeyRange range in told.InvalidatedRanges)
        {
            entries.Invalidate(range);
        }

        // Last: whoever sees the revision finds no entry any more that is older.
        watermark.Advance(told.Revision);
    }

    /// <summary>Drops everything and watches from now on. Revisions of another history mean nothing in this one.</summary>
    private void StartAnew(bool isOtherHistory)
    {
        // In this order: a read that is registered between the two is not kept either.
        watermark.Reset();
        entries.Clear();
        _position = null;
        if (isOtherHistory)
        {
            _epoch = Guid.Empty;
            seen.Forget();
        }
    }
}
