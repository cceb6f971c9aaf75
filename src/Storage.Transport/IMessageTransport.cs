namespace WsStorage.Transport;

/// <summary>
/// A connection that carries whole messages both ways. One receive and one send may be outstanding at a time, from any
/// thread; <see cref="Abort"/> may be called at any time and ends both.
/// </summary>
/// <remarks>There is no token on receiving and sending on purpose: to cancel either would end the connection, so a caller
/// that wants that says <see cref="Abort"/>.</remarks>
public interface IMessageTransport : IAsyncDisposable
{
    /// <summary>The largest message taken from the peer, in bytes. May be raised after a handshake.</summary>
    int MaxMessageBytes { get; set; }

    /// <summary>Takes the next message.</summary>
    /// <returns>The message, valid until the next is asked for; or the news that the peer has closed, or said what can't be taken.
    /// After either of these nothing more comes.</returns>
    /// <exception cref="TransportException">The connection is lost.</exception>
    ValueTask<ReceivedMessage> ReceiveAsync();

    /// <summary>Sends one message.</summary>
    /// <param name="message">The message, unchanged until the task completes.</param>
    /// <returns>Completes when the message is on its way.</returns>
    /// <exception cref="TransportException">The connection is lost.</exception>
    ValueTask SendAsync(ReadOnlyMemory<byte> message);

    /// <summary>Tells the peer that nothing more will be sent, and why. Not while a send is outstanding.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Ends the attempt, and the connection with it.</param>
    /// <returns>Completes when the peer has been told, or can't be.</returns>
    ValueTask CloseAsync(CloseReason reason, CancellationToken cancellationToken = default);

    /// <summary>Ends the connection at once, without a word. What is outstanding fails.</summary>
    void Abort();
}
