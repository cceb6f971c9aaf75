using WsStorage.Cli.Text;
using WsStorage.Core.Copies;
using WsStorage.Replica;
using WsStorage.WsClient;

namespace WsStorage.Cli.Replicas;

/// <summary>A replica that a verb keeps in step: told of on stderr all the while, and compared with its source now and then.</summary>
internal sealed class RunningReplica : IAsyncDisposable
{
    private readonly WsStorageClient _source;
    private readonly ICopyStore _copies;
    private readonly ReplicaTeller _teller;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _tasks = [];

    private RunningReplica(WsStorageClient source, ICopyStore copies, ReplicaOptions options)
    {
        _source = source;
        _copies = copies;
        _teller = new ReplicaTeller();
        Storage = ReplicaStorage.Open(source, copies, options with { Progress = _teller });
    }

    public ReplicaStorage Storage { get; }

    /// <summary>Opens it.</summary>
    /// <param name="source">A client of the source; owned.</param>
    /// <param name="copies">Where the copy is kept; owned.</param>
    /// <param name="options">What is copied and how.</param>
    public static async Task<RunningReplica> StartAsync(WsStorageClient source, ICopyStore copies, ReplicaOptions options)
    {
        try
        {
            return new RunningReplica(source, copies, options);
        }
        catch
        {
            await copies.DisposeAsync();
            await source.DisposeAsync();
            throw;
        }
    }

    /// <summary>Shows how it stands, until it is disposed of.</summary>
    /// <param name="json">As lines of JSON on stdout.</param>
    public void Show(bool json) => _tasks.Add(new StatusDisplay(() => Storage.Status, json).RunAsync(_stop.Token));

    /// <summary>Compares it with its source now and then, until it is disposed of.</summary>
    public void VerifyEvery(TimeSpan interval, VerifyOptions options, TextForm form) =>
        _tasks.Add(new SelfVerification(Storage, interval, options, form).RunAsync(_stop.Token));

    /// <summary>Waits until it has what its source had at some time since now.</summary>
    public async Task WaitUntilInStepAsync(CancellationToken cancellationToken)
    {
        await UnlessItFails(Storage.WaitUntilLiveAsync(cancellationToken).AsTask());
        StorageInfo info = await _source.GetInfoAsync(cancellationToken);
        await UnlessItFails(Storage.WaitForAsync(info.Revision, cancellationToken).AsTask());
    }

    /// <summary>Waits for something, but no longer than there is hope for the replica, and somebody to read how it stands.</summary>
    public async Task UnlessItFails(Task awaited) => await await Task.WhenAny([awaited, _teller.Failed, .. _tasks]);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await Task.WhenAll(_tasks);
        }
        finally
        {
            await Storage.DisposeAsync();
            await _copies.DisposeAsync();
            await _source.DisposeAsync();
            _stop.Dispose();
        }
    }
}
