using WsStorage.Cli.Transfer;
using WsStorage.Core.Copies;
using WsStorage.Replica;

namespace WsStorage.Cli.Replicas;

/// <summary>
/// Compares a replica that nobody keeps at the moment with its source: lets it catch up for that, and builds nothing anew.
/// </summary>
internal sealed class ReplicaCheck : IProgress<ReplicaStatus>, IProgress<VerifyProgress>
{
    private readonly TaskCompletionSource _impossible = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action<double, long> _report = static (_, _) => { };

    /// <summary>Compares them.</summary>
    /// <param name="source">The source.</param>
    /// <param name="copies">What the replica has.</param>
    /// <param name="name">The replica's name at the source.</param>
    /// <param name="options">What to compare, and whether to mend.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.EpochChanged"/>, <see cref="StorageErrorCode.Diverged"/>: it
    /// is no replica of this source. <see cref="StorageErrorCode.NotReady"/>, <see cref="StorageErrorCode.Compacted"/>: there is
    /// nothing to compare.</exception>
    public async Task<VerifyResult> RunAsync(
        IStorage source, ICopyStore copies, string name, VerifyOptions options, CancellationToken cancellationToken)
    {
        StorageInfo info = await source.GetInfoAsync(cancellationToken);
        CopyState state = copies.Current?.State
            ?? throw new StorageException(StorageErrorCode.NotReady, "The replica has no whole copy yet: let `wsstorage replicate` finish loading it.");
        if (state.Position.Epoch != info.Epoch)
        {
            throw new StorageException(
                StorageErrorCode.EpochChanged, $"the replica is of another store, epoch {state.Position.Epoch}, than the source is, epoch {info.Epoch}");
        }

        // Nothing compared would pass for equal.
        if (state.Ranges.Count > 0 && !state.Ranges.Any(held => held.Overlaps(options.Range)))
        {
            throw StorageException.InvalidArgument("The replica holds no keys of the range to compare: it is one of other prefixes or ranges.");
        }

        var replicaOptions = new ReplicaOptions { Name = name, Ranges = state.Ranges, HistoryDuration = TimeSpan.Zero, Progress = this };
        await using var replica = ReplicaStorage.Open(source, copies, replicaOptions);
        VerifyResult result = new();
        await TransferProgress.RunAsync("Verifying", info.ApproximateKeys, async report =>
        {
            _report = report;
            await UnlessImpossible(replica.WaitUntilLiveAsync(cancellationToken).AsTask());
            await UnlessImpossible(replica.WaitForAsync(info.Revision, cancellationToken).AsTask());
            result = await replica.VerifyAsync(options, this, cancellationToken);
        });
        return result;
    }

    void IProgress<VerifyProgress>.Report(VerifyProgress value) => _report(value.Rows, value.Rows);

    void IProgress<ReplicaStatus>.Report(ReplicaStatus value)
    {
        if (value.IsStale)
        {
            _impossible.TrySetException(new StorageException(
                StorageErrorCode.Diverged, $"the replica, at {value.Position}, is not in the history of the source"));
        }
        else if (value.Bootstraps > 0)
        {
            _impossible.TrySetException(new StorageException(
                StorageErrorCode.Compacted,
                "The replica can't catch up: the source has no history any more from where it is. `wsstorage replicate` builds a new copy."));
        }
        else if (value.Problem is { } problem)
        {
            _impossible.TrySetException(problem);
        }
    }

    private async Task UnlessImpossible(Task awaited) => await await Task.WhenAny(awaited, _impossible.Task);
}
