using System.Runtime.CompilerServices;

namespace WsStorage.WsClient;

/// <summary>Reads a watch of the server: hands out its events, and lets the server send more as they are read.</summary>
internal static class RemoteWatch
{
    public static async IAsyncEnumerable<WatchEvent> ReadAsync(
        WatchRegistry watches, WatchOptions watchOptions, int window, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var watch = new PendingWatch(watchOptions, window);
        var taken = new Queue<WaitingEvent>();
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
                if (taken.TryDequeue(out WaitingEvent next))
                {
                    try
                    {
                        yield return next.ToEvent(epoch);
                    }
                    finally
                    {
                        next.Release();
                    }

                    read += next.ByteCount;
                    if (taken.Count == 0 || read >= due)
                    {
                        due = watch.OnRead(read);
                        read = 0;
                    }
                }
                else if (!watch.TryTake(ref taken, out epoch, out ValueTask arrival))
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
            foreach (WaitingEvent unread in taken)
            {
                unread.Release();
            }

            watches.Abandon(watch);
        }
    }
}
