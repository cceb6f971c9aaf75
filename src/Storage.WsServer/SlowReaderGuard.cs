using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>
/// Whoever has more to say than the client reads waits here. A client that reads nothing for too long is cut off.
/// Thread-safe.
/// </summary>
/// <param name="outbox">What waits for the client.</param>
/// <param name="context">How long it may.</param>
/// <param name="cutOff">Ends the connection, with the reason.</param>
internal sealed class SlowReaderGuard(MessageOutbox outbox, SessionContext context, Action<string> cutOff)
{
    /// <summary>Waits until less waits for the client than may.</summary>
    /// <returns>Completes then, or when nothing will be sent any more.</returns>
    public async ValueTask WaitForRoomAsync()
    {
        ValueTask room = outbox.WaitForRoomAsync();
        if (room.IsCompleted)
        {
            await room.ConfigureAwait(false);
            return;
        }

        TimeSpan timeout = context.Options.SlowReaderTimeout;
        try
        {
            await room.AsTask().WaitAsync(timeout, context.TimeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            cutOff($"It did not read its replies for {timeout}.");
        }
    }
}
