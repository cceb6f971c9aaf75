using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>
/// The watches of a session whose client is still to be told to read everything again, because too much waited for it at the
/// time. Each is here once at the most. Thread-safe.
/// </summary>
internal sealed class OwedInvalidations(MessageOutbox outbox, SlowReaderGuard slowReader)
{
    private readonly Lock _gate = new();
    private readonly Queue<WatchSession> _owing = new();
    private bool _paying;

    /// <summary>Has a watch's client told when there is room.</summary>
    /// <param name="watch">The watch.</param>
    public void Add(WatchSession watch)
    {
        lock (_gate)
        {
            _owing.Enqueue(watch);
            if (_paying)
            {
                return;
            }

            _paying = true;
        }

        _ = PayAsync();
    }

    private async Task PayAsync()
    {
        while (true)
        {
            while (outbox.IsFull)
            {
                await slowReader.WaitForRoomAsync().ConfigureAwait(false);
            }

            WatchSession? watch;
            lock (_gate)
            {
                if (!_owing.TryDequeue(out watch))
                {
                    _paying = false;
                    return;
                }
            }

            watch.PayInvalidation();
        }
    }
}
