using System.Threading.Channels;

namespace WsStorage.Robustness.Planted;

/// <summary>Reads every watch as fast as it can and keeps in memory what has not been taken.</summary>
internal sealed class HoardingWatch(IExactlyOnceStorage inner) : ExactlyOnceDecorator(inner)
{
    public override IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default)
    {
        var hoard = Channel.CreateUnbounded<WatchEvent>();
        _ = HoardAsync(options, hoard.Writer, cancellationToken);
        return hoard.Reader.ReadAllAsync(cancellationToken);
    }

    private async Task HoardAsync(WatchOptions options, ChannelWriter<WatchEvent> hoard, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (WatchEvent told in Inner.WatchAsync(options, cancellationToken).WithCancellation(cancellationToken))
            {
                hoard.TryWrite(told.Kind == WatchEventKind.Changes
                    ? WatchEvent.Changes(told.Position, told.CommitTime, told.PackedOperations.ToArray(), told.PackedPrevious.ToArray())
                    : told);
            }
        }
        catch (Exception exception) when (exception is StorageException or OperationCanceledException)
        {
            hoard.TryComplete(exception);
        }
    }
}
