using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>
/// Whoever has more to say than the client reads waits here, all with one timer. A client that reads nothing for too long is cut
/// off; one that reads slowly, over a thin line say, is not. Thread-safe.
/// </summary>
/// <param name="outbox">What waits for the client.</param>
/// <param name="context">How long it may.</param>
/// <param name="cutOff">Ends the connection, with the reason.</param>
internal sealed class SlowReaderGuard(MessageOutbox outbox, SessionContext context, Action<string> cutOff)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _room;

    /// <summary>Waits until less waits for the client than may.</summary>
    /// <returns>Completes then, or when nothing will be sent any more.</returns>
    public Task WaitForRoomAsync()
    {
        TaskCompletionSource room;
        lock (_gate)
        {
            if (!outbox.IsFull)
            {
                return Task.CompletedTask;
            }

            if (_room is not null)
            {
                return _room.Task;
            }

            room = _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        _ = ReleaseInTimeAsync(room);
        return room.Task;
    }

    private async Task ReleaseInTimeAsync(TaskCompletionSource room)
    {
        TimeSpan timeout = context.Options.SlowReaderTimeout;
        Task isRoom = outbox.WaitForRoomAsync().AsTask();
        long sent;
        do
        {
            sent = outbox.SentCount;
        }
        while (!await IsInTimeAsync(isRoom, timeout).ConfigureAwait(false) && sent != outbox.SentCount);

        if (!isRoom.IsCompleted)
        {
            cutOff($"It did not read its replies for {timeout}.");
        }

        lock (_gate)
        {
            _room = null;
        }

        room.TrySetResult();
    }

    private async Task<bool> IsInTimeAsync(Task isRoom, TimeSpan timeout)
    {
        try
        {
            await isRoom.WaitAsync(timeout, context.TimeProvider).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
