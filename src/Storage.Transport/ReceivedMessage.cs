namespace WsStorage.Transport;

/// <summary>What came from the peer.</summary>
public enum ReceivedKind
{
    /// <summary>A message.</summary>
    Message,

    /// <summary>A text message, which nobody here speaks.</summary>
    Text,

    /// <summary>A message larger than <see cref="IMessageTransport.MaxMessageBytes"/>.</summary>
    TooLarge,

    /// <summary>The peer has closed.</summary>
    Closed,
}

/// <summary>What came from the peer.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Data">The message, valid until the next is asked for.</param>
/// <param name="CloseReason">Why the peer has closed, when it has.</param>
public readonly record struct ReceivedMessage(ReceivedKind Kind, ReadOnlyMemory<byte> Data, CloseReason? CloseReason = null);
