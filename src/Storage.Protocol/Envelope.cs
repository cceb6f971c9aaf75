namespace WsStorage.Protocol;

/// <summary>
/// A message taken apart from its end: <c>message = body separator type id</c>. The id is the run of Base64 digits at the
/// end, so the body may hold any bytes and needs no escaping.
/// </summary>
public readonly ref struct Envelope
{
    private Envelope(ReadOnlySpan<byte> body, MessageType type, RequestId id)
    {
        Body = body;
        Type = type;
        Id = id;
    }

    /// <summary>The body, a slice of the message.</summary>
    public ReadOnlySpan<byte> Body { get; }

    /// <summary>The type as it stands there, known or not.</summary>
    public MessageType Type { get; }

    /// <summary>The id, perhaps of no digits.</summary>
    public RequestId Id { get; }

    /// <summary>Takes a message apart.</summary>
    /// <param name="message">The whole message.</param>
    /// <param name="envelope">Its parts, slices of the message.</param>
    /// <returns>Whether it ends in a separator, a type and an id of at most 16 digits.</returns>
    public static bool TryParse(ReadOnlySpan<byte> message, out Envelope envelope)
    {
        int start = message.Length;
        int least = Math.Max(0, message.Length - ProtocolConstants.MaxIdDigits);
        while (start > least && RequestId.IsDigit(message[start - 1]))
        {
            start--;
        }

        // A type byte is never a digit: an id that is longer than allowed shows as a digit in the type's place.
        if (start < 2 || RequestId.IsDigit(message[start - 1]) || message[start - 2] != ProtocolConstants.Separator)
        {
            envelope = default;
            return false;
        }

        envelope = new Envelope(
            message[..(start - 2)], (MessageType)message[start - 1], RequestId.FromCheckedDigits(message[start..]));
        return true;
    }

    /// <summary>The bytes that a message takes.</summary>
    /// <param name="bodyLength">The length of its body.</param>
    /// <param name="id">Its id.</param>
    /// <returns>The bytes.</returns>
    public static int MeasureMessage(int bodyLength, RequestId id) => checked(bodyLength + 2 + id.Length);

    /// <summary>Writes what follows the body of a message.</summary>
    /// <param name="destination">At least 2 bytes and the id's digits.</param>
    /// <param name="type">The type.</param>
    /// <param name="id">The id.</param>
    /// <returns>The bytes written.</returns>
    public static int WriteTrailer(Span<byte> destination, MessageType type, RequestId id)
    {
        destination[0] = ProtocolConstants.Separator;
        destination[1] = (byte)type;
        id.CopyTo(destination[2..]);
        return 2 + id.Length;
    }
}
