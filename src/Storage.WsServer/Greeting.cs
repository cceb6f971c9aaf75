using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsServer;

/// <summary>The first message of a client.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Hello">What it says; nothing when it is refused.</param>
/// <param name="Refusal">Why the client is told that it is not served; none when it is.</param>
internal readonly record struct Greeting(RequestId Id, HelloMessage Hello, StorageException? Refusal)
{
    /// <summary>Reads it.</summary>
    /// <param name="message">The whole message.</param>
    /// <returns>The greeting.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>: it is no hello that can be
    /// answered.</exception>
    public static Greeting Read(ReadOnlySpan<byte> message)
    {
        if (!Envelope.TryParse(message, out Envelope envelope)
            || envelope.Type != MessageType.Hello || envelope.Id == RequestId.None)
        {
            throw new StorageException(StorageErrorCode.ProtocolError, "The first message of a client is a hello with an id.");
        }

        HelloMessage hello;
        try
        {
            hello = HelloMessage.Read(envelope.Body);
        }
        catch (StorageException exception) when (exception.Code == StorageErrorCode.UnsupportedVersion)
        {
            return new Greeting(envelope.Id, default, exception);
        }

        if (hello.MaxMessageBytes < ProtocolConstants.MaxHelloBytes)
        {
            throw new StorageException(
                StorageErrorCode.ProtocolError,
                $"The client takes messages of {hello.MaxMessageBytes} bytes; it must take {ProtocolConstants.MaxHelloBytes} at least.");
        }

        return new Greeting(envelope.Id, hello, null);
    }
}
