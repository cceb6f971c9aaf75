using System.Text;

namespace WsStorage.Transport;

/// <summary>Why a connection is closed.</summary>
/// <param name="Code">The close code of RFC 6455 section 7.4.</param>
/// <param name="Text">A sentence for people. On the wire it is cut to 123 bytes.</param>
public sealed record CloseReason(int Code, string Text)
{
    /// <summary>The peer has nothing more to say.</summary>
    public const int Normal = 1000;

    /// <summary>The server stops, or the client's program ends.</summary>
    public const int GoingAway = 1001;

    /// <summary>The peer broke the protocol.</summary>
    public const int ProtocolError = 1002;

    /// <summary>The peer sent text.</summary>
    public const int UnsupportedData = 1003;

    /// <summary>The peer broke a rule that no other code names: it does not read, or did not say hello in time.</summary>
    public const int PolicyViolation = 1008;

    /// <summary>The peer sent a message that is too large.</summary>
    public const int MessageTooBig = 1009;

    /// <summary>Something failed that should not have.</summary>
    public const int InternalError = 1011;

    /// <summary>A newer connection of the same client has taken this one's place.</summary>
    public const int Superseded = 4000;

    private const int MaxTextBytes = 123;

    /// <summary>The text as it goes on the wire.</summary>
    public string WireText
    {
        get
        {
            if (Encoding.UTF8.GetByteCount(Text) <= MaxTextBytes)
            {
                return Text;
            }

            int length = Math.Min(Text.Length, MaxTextBytes);
            while (Encoding.UTF8.GetByteCount(Text.AsSpan(0, length)) > MaxTextBytes
                || char.IsHighSurrogate(Text[length - 1]))
            {
                length--;
            }

            return Text[..length];
        }
    }
}
