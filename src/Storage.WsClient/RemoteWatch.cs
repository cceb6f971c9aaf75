using System.Runtime.CompilerServices;

namespace WsStorage.WsClient;

/// <summary>Reads a watch of the server: hands out its events, and lets the server send more as they are read.</summary>
internal static class RemoteWatch
{
    public static async IAsyncEnumerable<WatchEvent> ReadAsync(
        WatchRegistry watches, WatchOptions watchOptions, int window, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var watch = new PendingWatch(watchOptions, window);
        watches.Begin(watch);
        using CancellationTokenRegistration waking =
            cancellationToken.UnsafeRegister(static state => ((PendingWatch)state!).Wake(), watch);
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!watch.TryTake(out RentedEvent next, out ValueTask arrival))
                {
                    // A cancellation between the look at the token and the wait has found nobody to wake.
                    if (cancellationToken.IsCancellationRequested)
                    {
                        watch.Wake();
                    }

                    await arrival.ConfigureAwait(false);
                    continue;
                }

                try
                {
                    yield return next.Event;
                }
                finally
                {
                    watch.Release(next);
                }
            }
        }
        finally
        {
            watches.Abandon(watch);
        }
    }
}
