using WsStorage.Core.Copies;
using WsStorage.Replica.Loading;
using WsStorage.Replica.Verifying;

namespace WsStorage.Replica.Following;

/// <summary>
/// What a replica does all the time, step by step: ask the source what it is, choose the copy to work on, load it, follow. A step
/// ends by a failure or by a request for a new copy; then the next one begins, from what the copies themselves say.
/// </summary>
internal sealed class ReplicaLoop : IFollowing
{
    private readonly ReplicaParts _parts;
    private readonly CopyChooser _chooser;
    private readonly RowLoader _rows;
    private readonly FileLoader _files;
    private readonly RangeMender _mender;
    private readonly RebuildRequests _rebuilds;
    private readonly Backoff _retry;

    public ReplicaLoop(ReplicaParts parts, RebuildRequests rebuilds, Verifier verifier)
    {
        _parts = parts;
        _rebuilds = rebuilds;
        _mender = new RangeMender(parts, verifier);
        _files = new FileLoader(parts.Source, parts.Copies, parts.Options, parts.Keeper, parts.Board, parts.Logger);
        _rows = new RowLoader(parts.Source, parts.Options, parts.Ranges, parts.Board, parts.Metrics, parts.Logger);
        _chooser = new CopyChooser(parts, _files);
        _retry = new Backoff(parts.Options.RetryBaseDelay, parts.Options.RetryMaxDelay, parts.Options.TimeProvider);
    }

    /// <summary>Goes on until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Task mend = _mender.RunAsync(cancellationToken);
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan delay = await RunStepAsync(cancellationToken).ConfigureAwait(false);
            if (delay > TimeSpan.Zero)
            {
                await _retry.WaitAsync(delay, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await mend.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public void OnBegun() => _parts.Board.Change(static facts => facts with { Problem = null });

    /// <inheritdoc/>
    public void OnProgress()
    {
        _retry.Reset();
        _parts.Board.Change(static facts => facts with { Problem = null });
    }

    /// <inheritdoc/>
    public void OnPromoted()
    {
        _chooser.OnPromoted();
        _parts.Board.Change(static facts => facts with { IsRebuilding = false, Position = null });
    }

    private async Task<TimeSpan> RunStepAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task wanted = _rebuilds.Added;
        if (_rebuilds.Take())
        {
            _chooser.RequestRebuild();
        }

        long started = _parts.Options.TimeProvider.GetTimestamp();
        Task step = StepAsync(stop.Token);
        await Task.WhenAny(step, wanted).ConfigureAwait(false);
        if (_parts.Options.TimeProvider.GetElapsedTime(started) > _parts.Options.RetryMaxDelay)
        {
            _retry.Reset();
        }

        bool isInterrupted = !step.IsCompleted || cancellationToken.IsCancellationRequested;
        await stop.CancelAsync().ConfigureAwait(false);
        try
        {
            await step.ConfigureAwait(false);
            return TimeSpan.Zero;
        }
        catch (OperationCanceledException) when (isInterrupted)
        {
            return TimeSpan.Zero;
        }
        catch (StorageException exception)
        {
            return React(exception);
        }
        catch (Exception exception)
        {
            Log.Failed(_parts.Logger, _parts.Options.Name, exception);
            return React(new StorageException(
                StorageErrorCode.Internal, $"The replica failed by a defect: {exception.Message}", innerException: exception));
        }
    }

    private async Task StepAsync(CancellationToken cancellationToken)
    {
        _parts.Board.Change(static facts => facts with { Phase = ReplicaPhase.Connecting });
        await ReopenAsync(_parts.Copies.Next, cancellationToken).ConfigureAwait(false);
        await ReopenAsync(_parts.Copies.Current, cancellationToken).ConfigureAwait(false);
        (StorageInfo info, _) = await _parts.Meter.AskAsync(cancellationToken).ConfigureAwait(false);
        ICopy? copy = await _chooser.ChooseAsync(info, cancellationToken).ConfigureAwait(false);
        if (copy is null)
        {
            _parts.Board.Change(facts => ToBuilding(facts, ReplicaPhase.LoadingFiles, BootstrapKind.Files));
            copy = await _files.LoadAsync(OnProgress, cancellationToken).ConfigureAwait(false);
        }

        await _parts.Keeper.KeepAsync(copy.State.Position.Revision, cancellationToken).ConfigureAwait(false);
        if (copy.State.Load is { IsComplete: false })
        {
            _parts.Board.Change(facts => ToBuilding(facts, ReplicaPhase.LoadingRows, BootstrapKind.Rows) with { Position = copy.State.Position });
            await _rows.LoadAsync(copy, info, OnProgress, cancellationToken).ConfigureAwait(false);
        }

        _parts.Board.Change(facts => facts with
        {
            Phase = ReplicaPhase.CatchingUp,
            IsRebuilding = _parts.Leases.IsServing && ReferenceEquals(copy, _parts.Copies.Next),
        });
        var follower = new CopyFollower(_parts, copy, _rebuilds, _mender, this);
        await follower.RunAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Has a copy take writes again that takes none since one failed.</summary>
    private async ValueTask ReopenAsync(ICopy? copy, CancellationToken cancellationToken)
    {
        if (copy is not { HasFailed: true })
        {
            return;
        }

        // Who reads waits meanwhile.
        bool isServed = _parts.Leases.Serves(copy);
        if (isServed)
        {
            _parts.Leases.Suspend();
        }

        try
        {
            await copy.ReopenAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (isServed)
            {
                _parts.Leases.Serve(copy, former: null);
            }
        }
    }

    private ReplicaStatus ToBuilding(ReplicaStatus facts, ReplicaPhase phase, BootstrapKind kind) =>
        facts with { Phase = phase, BootstrappedBy = kind, IsRebuilding = _parts.Leases.IsServing };

    /// <summary>Decides what a failure means.</summary>
    /// <returns>How long to wait before the next step.</returns>
    private TimeSpan React(StorageException exception)
    {
        TimeSpan delay = _chooser.React(exception) ?? Retry(exception);
        StorageException problem = CopyChooser.Explain(exception);
        _parts.Board.Change(facts => facts with { Phase = ReplicaPhase.Connecting, Problem = problem });
        return delay;
    }

    private TimeSpan Retry(StorageException exception)
    {
        TimeSpan delay = _retry.Next();
        Log.Retries(_parts.Logger, _parts.Options.Name, delay, exception.Message);
        return delay;
    }
}
