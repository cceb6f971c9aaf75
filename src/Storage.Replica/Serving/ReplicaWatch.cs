using System.Runtime.CompilerServices;
using WsStorage.Core.Copies;

namespace WsStorage.Replica.Serving;

/// <summary>A watch of a replica: goes on when the copy is replaced, and tells what was mended.</summary>
/// <param name="parts">The replica.</param>
internal sealed class ReplicaWatch(ReplicaParts parts)
{
    // The soonest that a watch can be told how far it is.
    private static readonly TimeSpan DrainInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Watches until it fails, or is cancelled or disposed of.</summary>
    public async IAsyncEnumerable<WatchEvent> RunAsync(
        WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        options.Validate();
        using Invalidations.Subscription? invalidations = options.Invalidations ? parts.Invalidations.Subscribe() : null;
        Position? reached = options.After;
        bool isBegun = false;
        while (true)
        {
            using CopyLease lease = await AcquireAsync(reached, cancellationToken).ConfigureAwait(false);
            var watch = new CopyWatch(lease.Copy, options, reached, cancellationToken);
            bool isDraining = false;
            try
            {
                while (true)
                {
                    parts.Leases.CheckOpen();
                    Task? added = invalidations?.Added;
                    if (isBegun && invalidations?.Take() is { Count: > 0 } ranges)
                    {
                        yield return WatchEvent.Invalidation(reached!.Value, ranges);
                        continue;
                    }

                    if (lease.Retired.IsCompleted && IsTold(reached, lease.Copy))
                    {
                        break;
                    }

                    if (lease.Retired.IsCompleted && !isDraining)
                    {
                        // What the old copy has and the reader not yet may be older than the new copy's history.
                        isDraining = true;
                        await watch.DisposeAsync().ConfigureAwait(false);
                        watch = new CopyWatch(lease.Copy, options with { ProgressInterval = DrainInterval }, reached, cancellationToken);
                    }

                    Task<bool> move = watch.MoveNext();
                    if (!move.IsCompleted)
                    {
                        await Task.WhenAny(move, isDraining ? move : lease.Retired, added ?? move).ConfigureAwait(false);
                        continue;
                    }

                    WatchEvent told = await watch.TakeAsync().ConfigureAwait(false);

                    // The first mark after another one of the same watch repeats what was told.
                    if (!isBegun || told.Kind != WatchEventKind.Progress || told.Revision > reached!.Value.Revision)
                    {
                        isBegun = true;
                        reached = told.Position;
                        yield return told;
                    }
                }
            }
            finally
            {
                await watch.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whether a reader has been told all that a copy has that does not move any more.</summary>
    private static bool IsTold(Position? reached, ICopy copy) =>
        reached is not { } position || position.Revision >= copy.State.Position.Revision;

    /// <summary>
    /// Takes the copy, when it has a position that the source has: whoever comes from another replica of the same source may be
    /// ahead of this one.
    /// </summary>
    private async ValueTask<CopyLease> AcquireAsync(Position? after, CancellationToken cancellationToken)
    {
        CopyLease lease = await parts.Leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
        if (after is not { } position || !IsAhead(position, lease.Copy))
        {
            return lease;
        }

        lease.Dispose();
        await WaitAsync(position, cancellationToken).ConfigureAwait(false);
        return await parts.Leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
    }

    private static bool IsAhead(Position position, ICopy copy)
    {
        Position own = copy.State.Position;
        return position.Epoch == own.Epoch && position.Revision > own.Revision;
    }

    private async ValueTask WaitAsync(Position position, CancellationToken cancellationToken)
    {
        (StorageInfo info, _) = await parts.Meter.AskAsync(cancellationToken).ConfigureAwait(false);
        if (info.Epoch != position.Epoch || info.Revision < position.Revision)
        {
            // Not even the source has it: the copy refuses it.
            return;
        }

        TimeSpan most = parts.Options.ReadWaitTimeout;
        using var timeout = new CancellationTokenSource(most, parts.Options.TimeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await parts.Served.WaitAsync(position.Revision, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StorageException(
                StorageErrorCode.TooStale,
                $"The replica {parts.Options.Name} is at revision {parts.Served.Position?.Revision ?? Revision.None} and did not reach {position.Revision}, where the watch is to begin, within {most}. Try again, or watch at the source.");
        }
    }
}
