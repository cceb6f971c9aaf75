using WsStorage.Cli.Text;
using WsStorage.Replica;

namespace WsStorage.Cli.Replicas;

/// <summary>Compares a replica with its source now and then, while it follows, and says on stderr what came of it.</summary>
internal sealed class SelfVerification(ReplicaStorage replica, TimeSpan interval, VerifyOptions options, TextForm form)
{
    /// <summary>Verifies until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(interval);
        try
        {
            await replica.WaitUntilLiveAsync(stop);
            while (await timer.WaitForNextTickAsync(stop))
            {
                await VerifyAsync(stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }

    private async Task VerifyAsync(CancellationToken stop)
    {
        try
        {
            Failure.Say($"{VerifyText.Describe(await replica.VerifyAsync(options, progress: null, stop), form)}.");
        }
        catch (StorageException exception)
        {
            Failure.Say($"could not compare the replica with its source: {exception.Message} Trying again in {QuantityText.Time(interval)}.");
        }
    }
}
