using System.Runtime.CompilerServices;

namespace WsStorage.WsClient.Watches;

/// <summary>Reads a watch of the server: hands out its events, and lets the server send more as they are read.</summary>
internal static class RemoteWatch
{
    public static async IAsyncEnumerable<WatchEvent> ReadAsync(
        WatchRegistry watches, WatchOptions watchOptions, int window, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var watch = new PendingWatch(watchOptions, window);
        List<WaitingEvent> taken = [];
        int next = 0;
        long read = 0;
        long due = 0;
        Guid epoch = default;
        watches.Begin(watch);
        using CancellationTokenRegistration waking =
            cancellationToken.UnsafeRegister(static state => ((PendingWatch)state!).Wake(), watch);
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (next < taken.Count)
                {
                    for (int i = 0; i < taken[next].Count; i++)
                    {
                        yield return taken[next].ToEvent(i, epoch);
                        cancellationToken.ThrowIfCancellationRequested();
                        read += taken[next].CountBytes(i);
                        if (read >= due)
                        {
                            due = watch.OnRead(read);
                            read = 0;
                        }
                    }

                    taken[next++].Release();
                    continue;
                }

                if (next > 0)
                {
                    taken.Clear();
                    next = 0;
                    due = watch.OnRead(read);
                    read = 0;
                }

                if (!watch.TryTake(ref taken, out epoch, out ValueTask arrival))
                {
                    // A cancellation between the look at the token and the wait has found nobody to wake.
                    if (cancellationToken.IsCancellationRequested)
                    {
                        watch.Wake();
                    }

                    await arrival.ConfigureAwait(false);
                }
            }
        }
        finally
        {
            for (; next < taken.Count; next++)
            {
                taken[next].Release();
            }

            watches.Abandon(watch);
        }
    }
}
