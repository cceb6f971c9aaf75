using WsStorage.Cli.Text;
using WsStorage.Replica;

namespace WsStorage.Cli.Replicas;

/// <summary>
/// Says on stderr, a line each, what happens to a replica: what its copy is made of, that it is in step, that its source is another
/// store, and what goes wrong. That the connection is lost is said by its client.
/// </summary>
internal sealed class ReplicaTeller : IProgress<ReplicaStatus>
{
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ReplicaStatus _last = new();
    private long _loadTold;
    private long _stepTold = -1;
    private string? _problemTold;

    /// <summary>Fails when the replica fails in a way that trying again does not mend; never completes otherwise.</summary>
    public Task Failed => _failed.Task;

    public void Report(ReplicaStatus status)
    {
        TellOfSource(status);
        TellOfLoad(status);
        TellOfProblem(status);
        _last = status;
    }

    private void TellOfSource(ReplicaStatus now)
    {
        if (now.IsStale && !_last.IsStale)
        {
            Failure.Say("the source is another store now, or has another history: its former copy is stale, is read on, and is replaced once a new one is whole.");
        }
    }

    private void TellOfLoad(ReplicaStatus now)
    {
        if (now.Bootstraps > _loadTold && now.BootstrappedBy != BootstrapKind.None)
        {
            _loadTold = now.Bootstraps;
            Failure.Say($"loading {(now.IsReadable ? "a new copy beside the old one" : "the copy")} by {StatusText.Name(now.BootstrappedBy)}.");
        }

        if (now.Phase == ReplicaPhase.Live && now.Bootstraps > _stepTold)
        {
            _stepTold = now.Bootstraps;
            string origin = now.BootstrappedBy switch
            {
                BootstrapKind.Rows => $"loaded by rows: {now.Rows:N0}, {QuantityText.Bytes(now.Bytes)}",
                BootstrapKind.Files => $"loaded by files: {QuantityText.Bytes(now.Bytes)}",
                _ => "with the copy that was there",
            };
            Failure.Say($"in step at revision {now.Revision.Value:N0}, {origin}.");
        }
    }

    private void TellOfProblem(ReplicaStatus now)
    {
        if (now.Problem is not { } problem)
        {
            _problemTold = null;
            return;
        }

        // A source that never answered, and does not let us in: a mistake, as of other verbs.
        bool isRefused = now.SourceRevision is null && problem.Code is (StorageErrorCode.AuthenticationFailed or StorageErrorCode.UnsupportedVersion);
        bool isImpossible = problem.Code is StorageErrorCode.InvalidArgument or StorageErrorCode.Unsupported;
        if (isRefused || isImpossible)
        {
            _failed.TrySetException(problem);
        }
        else if (problem.Code is not (StorageErrorCode.ConnectionLost or StorageErrorCode.ConnectFailed or StorageErrorCode.Timeout)
            && !problem.Message.Equals(_problemTold, StringComparison.Ordinal))
        {
            Failure.Say($"{problem.Message} Trying again.");
            _problemTold = problem.Message;
        }
    }
}
