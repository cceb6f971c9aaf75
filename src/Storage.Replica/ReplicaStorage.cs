using WsStorage.Core.Copies;
using WsStorage.Replica.Following;
using WsStorage.Replica.Serving;
using WsStorage.Replica.Verifying;

namespace WsStorage.Replica;

/// <summary>
/// A copy of another storage, its source, that is kept in step with it: reads, scans and watches are answered by the copy, writes
/// go to the source. It loads the copy, follows the source's changes, tries again whatever fails, and builds a new copy beside the
/// old one when it can't follow any more. Thread-safe.
/// </summary>
/// <remarks>
/// <para>The positions of a replica are those of its source, so a watch can move from one replica to another of the same source, and
/// a replica can be the source of others.</para>
/// <para>Reads say the revision that they read; it can be older than that of the source. Writes through the replica are seen by
/// later reads of it (<see cref="ReplicaOptions.ReadYourWrites"/>). A read can demand more (<see cref="WithBound"/>).</para>
/// <para>Before there is a first whole copy, reads wait (<see cref="ReplicaOptions.ReadWaitTimeout"/>) and then fail with
/// <see cref="StorageErrorCode.NotReady"/>. A replica of some ranges answers for the keys outside of them as if they were
/// absent.</para>
/// </remarks>
public sealed partial class ReplicaStorage
{
    private readonly ReplicaParts _parts;
    private readonly RebuildRequests _rebuilds = new();
    private readonly Verifier _verifier;
    private readonly ReadBounds _bounds;
    private readonly ForwardedWrites _writes;
    private readonly ReplicaScan _scans;
    private readonly ReplicaWatch _watches;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _stopping;
    private readonly Lazy<Task> _closed;
    private readonly Task _running;

    private ReplicaStorage(ReplicaParts parts)
    {
        _parts = parts;
        _verifier = new Verifier(parts);
        _bounds = new ReadBounds(parts);
        _writes = new ForwardedWrites(parts);
        _scans = new ReplicaScan(parts.Leases);
        _watches = new ReplicaWatch(parts);
        _closed = new Lazy<Task>(CloseAsync);
        _stopping = _stop.Token;
        if (parts.Copies.Current is { } current)
        {
            Position position = current.State.Position;
            parts.Leases.Serve(current, former: null);
            parts.Meter.Reach(position);
            parts.Served.Replace(position);
        }

        // On the pool: neither may make the caller wait, nor run its first step under him.
        var loop = new ReplicaLoop(parts, _rebuilds, _verifier);
        var lag = new LagLoop(parts);
        _running = Task.WhenAll(
            Task.Run(() => loop.RunAsync(_stopping), CancellationToken.None),
            Task.Run(() => lag.RunAsync(_stopping), CancellationToken.None));
    }

    /// <summary>How the replica stands now.</summary>
    public ReplicaStatus Status => _parts.Board.Status;

    /// <summary>Completes with the next change of <see cref="Status"/>; take it, then look, then await it.</summary>
    internal Task StatusChanged => _parts.Board.Changed.Next;

    /// <summary>Opens a replica, which begins to follow in the background at once.</summary>
    /// <param name="source">What is copied. Stays the caller's, to be disposed of after the replica.</param>
    /// <param name="copies">Where the copy is kept. Stays the caller's, to be disposed of after the replica; nobody else may use it
    /// meanwhile.</param>
    /// <param name="options">What to copy and how to follow.</param>
    /// <returns>The replica.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: the options make no sense.</exception>
    public static ReplicaStorage Open(IStorage source, ICopyStore copies, ReplicaOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(copies);
        options.Validate();
        return new ReplicaStorage(new ReplicaParts(source, copies, options));
    }

    /// <summary>Waits until the replica has been where its source was, and follows it (<see cref="ReplicaPhase.Live"/>).</summary>
    /// <param name="cancellationToken">Ends the wait, which has no other end.</param>
    /// <returns>Completes when it is.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Closed"/>.</exception>
    public async ValueTask WaitUntilLiveAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Task changed = _parts.Board.Changed.Next;
            _parts.Leases.CheckOpen();
            if (_parts.Board.Phase == ReplicaPhase.Live)
            {
                return;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until the copy that is read has a revision, of the source's present history.</summary>
    /// <param name="revision">The revision.</param>
    /// <param name="cancellationToken">Ends the wait, which has no other end.</param>
    /// <returns>Completes when it has.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Closed"/>.</exception>
    public ValueTask WaitForAsync(Revision revision, CancellationToken cancellationToken = default) =>
        new(_parts.Served.WaitAsync(revision, cancellationToken));

    /// <summary>This replica for readers who want it no older than a bound.</summary>
    /// <param name="bound">How old the copy may be.</param>
    /// <returns>A view whose reads, scans and hashes keep the bound or fail with <see cref="StorageErrorCode.TooStale"/>; all else is
    /// as here. It needs no disposal.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: the bound makes no sense.</exception>
    public IStorage WithBound(ReadBound bound)
    {
        bound.Validate();
        return new BoundedReplica(this, _bounds, bound);
    }

    /// <summary>
    /// Compares the copy with the source by hashes, each at one revision, while both go on; rows are only read where hashes differ.
    /// Waits for the replica to follow its source, for <see cref="ReplicaOptions.ReadWaitTimeout"/> at the most.
    /// </summary>
    /// <param name="options">What to compare; <see langword="null"/> for all, without mending.</param>
    /// <param name="progress">Hears how far it is, about with each hundred hashes.</param>
    /// <param name="cancellationToken">Ends the comparison; what was mended stays.</param>
    /// <returns>What was found. A difference is one that source and replica had at one and the same revision.</returns>
    /// <exception cref="StorageException">The source could not be read, or the copy was replaced meanwhile; the message says how far
    /// it was. <see cref="StorageErrorCode.NotReady"/>: there is nothing to compare yet.</exception>
    public async ValueTask<VerifyResult> VerifyAsync(
        VerifyOptions? options = null, IProgress<VerifyProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        _parts.Leases.CheckOpen();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_stopping, cancellationToken);
        try
        {
            return await _verifier.VerifyAsync(options ?? new VerifyOptions(), progress, tellsWatches: true, either.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw CopyLeases.Closed();
        }
    }

    /// <summary>Builds a new copy beside the one that is read, and replaces that by it. One that is being built is begun anew.</summary>
    /// <param name="cancellationToken">Ends the wait, not the rebuild.</param>
    /// <returns>Completes when the new copy is read.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Closed"/>.</exception>
    public ValueTask RebuildAsync(CancellationToken cancellationToken = default)
    {
        _parts.Leases.CheckOpen();
        return new ValueTask(_rebuilds.AddAsync().WaitAsync(cancellationToken));
    }

    private async Task CloseAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _verifier.CloseAsync().ConfigureAwait(false);
        _parts.Served.Close();
        await _parts.Leases.CloseAsync().ConfigureAwait(false);
        _rebuilds.Close();
        _parts.Board.Change(static facts => facts with { Phase = ReplicaPhase.Stopped, IsRebuilding = false });
        _parts.Dispose();
        _stop.Dispose();
    }
}
