namespace WsStorage.Protocol;

/// <summary>The fixed points of the protocol. Source: docs/protocol.md.</summary>
public static class ProtocolConstants
{
    /// <summary>The WebSocket subprotocol, negotiated in the handshake.</summary>
    public const string Subprotocol = "wsstorage.v1";

    /// <summary>The version that a hello states.</summary>
    public const int Version = 1;

    /// <summary>Stands between the body of a message and its type. Not a Base64 digit.</summary>
    public const byte Separator = 0x1F;

    /// <summary>The most Base64 digits in a request id.</summary>
    public const int MaxIdDigits = 16;

    /// <summary>The most bytes that a message has beyond its body.</summary>
    public const int MaxTrailerBytes = 2 + MaxIdDigits;

    /// <summary>
    /// The largest WebSocket message that a peer takes before the hello has said otherwise, in bytes: a hello is small, and
    /// nothing else is said before it.
    /// </summary>
    public const int MaxHelloBytes = 4 * 1024;

    /// <summary>
    /// The longest pack, in bytes. A peer that takes smaller messages only gets no packs; a single message that is longer
    /// travels bare.
    /// </summary>
    public const int MaxPackBytes = 64 * 1024;

    /// <summary>What a message takes beyond the batch or the value that it carries, at the most, in bytes.</summary>
    public const int MessageOverheadBytes = 256;
}
