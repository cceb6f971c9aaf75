namespace WsStorage.Protocol.Messages;

/// <summary>
/// The answer to a hello. <c>welcome = version name max-message-bytes max-value-bytes max-batch-bytes max-requests
/// max-scans epoch revision hash features max-watches last-number session-retention *more</c>: a varint, a text, five varints,
/// 16 bytes, six varints. A client skips what follows. Feature 1: numbered writes are applied once. The last number is the
/// greatest that a write of the client's session had, the retention how many seconds a session is remembered; both are 0
/// without a session.
/// </summary>
/// <param name="serverName">What the server says it is.</param>
/// <param name="limits">What the connection allows.</param>
/// <param name="position">Where the store stands.</param>
/// <param name="session">What is known of the client's session.</param>
public readonly struct WelcomeMessage(string serverName, SessionLimits limits, Position position, SessionFacts session) : IMessage
{
    private const ulong AppliesOnceFeature = 1;

    /// <summary>What the server says it is.</summary>
    public string ServerName { get; } = WireText.Shorten(serverName, WireText.MaxNameBytes);

    /// <summary>What the connection allows.</summary>
    public SessionLimits Limits { get; } = limits;

    /// <summary>Where the store stands.</summary>
    public Position Position { get; } = position;

    /// <summary>What is known of the client's session.</summary>
    public SessionFacts Session { get; } = session;

    /// <inheritdoc/>
    public MessageType Type => MessageType.Welcome;

    /// <inheritdoc/>
    public int BodyLength => Varint.Length(ProtocolConstants.Version) + BodyWriter.MeasureText(ServerName)
        + Varint.Length((ulong)Limits.MaxMessageBytes) + Varint.Length((ulong)Limits.MaxValueBytes)
        + Varint.Length((ulong)Limits.MaxBatchBytes) + Varint.Length((ulong)Limits.MaxRequestsInFlight)
        + Varint.Length((ulong)Limits.MaxScans)
        + BodyWriter.MeasurePosition(Position) + 1 + Varint.Length((ulong)Limits.MaxWatches)
        + Varint.Length(Session.LastNumber) + Varint.Length((ulong)Session.Retention.TotalSeconds);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The message.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>; or
    /// <see cref="StorageErrorCode.UnsupportedVersion"/>, whatever follows the version.</exception>
    public static WelcomeMessage Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        ulong version = reader.ReadVarint();
        if (version != ProtocolConstants.Version)
        {
            throw new StorageException(
                StorageErrorCode.UnsupportedVersion,
                $"The server speaks version {version} of the protocol; this client speaks version {ProtocolConstants.Version}. Use a client of the server's version.");
        }

        string name = reader.ReadText("the server's name", WireText.MaxNameBytes);
        var limits = new SessionLimits(
            reader.ReadInt32("the largest message"),
            reader.ReadInt32("the longest value"),
            reader.ReadInt32("the largest batch"),
            reader.ReadInt32("the number of requests in flight"),
            reader.ReadInt32("the number of scans"),
            MaxWatches: 0);
        Position position = reader.ReadPosition();
        bool appliesOnce = (reader.ReadVarint() & AppliesOnceFeature) != 0;
        limits = limits with { MaxWatches = reader.ReadInt32("the number of watches") };
        ulong lastNumber = reader.ReadVarint();
        var session = new SessionFacts(appliesOnce, lastNumber, TimeSpan.FromSeconds(reader.ReadInt32("the retention of a session")));
        return new WelcomeMessage(name, limits, position, session);
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteVarint(ProtocolConstants.Version);
        writer.WriteText(ServerName);
        writer.WriteVarint((ulong)Limits.MaxMessageBytes);
        writer.WriteVarint((ulong)Limits.MaxValueBytes);
        writer.WriteVarint((ulong)Limits.MaxBatchBytes);
        writer.WriteVarint((ulong)Limits.MaxRequestsInFlight);
        writer.WriteVarint((ulong)Limits.MaxScans);
        writer.WritePosition(Position);
        writer.WriteVarint(Session.AppliesOnce ? AppliesOnceFeature : 0);
        writer.WriteVarint((ulong)Limits.MaxWatches);
        writer.WriteVarint(Session.LastNumber);
        writer.WriteVarint((ulong)Session.Retention.TotalSeconds);
    }
}

/// <summary>What a server announces that a connection allows.</summary>
/// <param name="MaxMessageBytes">The largest WebSocket message that the server takes.</param>
/// <param name="MaxValueBytes">The longest value that the store takes.</param>
/// <param name="MaxBatchBytes">The largest batch that the store takes.</param>
/// <param name="MaxRequestsInFlight">How many requests may be unanswered at once.</param>
/// <param name="MaxScans">How many scans may be open at once.</param>
/// <param name="MaxWatches">How many watches may be open at once.</param>
public readonly record struct SessionLimits(
    int MaxMessageBytes, int MaxValueBytes, int MaxBatchBytes, int MaxRequestsInFlight, int MaxScans, int MaxWatches);

/// <summary>What a server knows of the session of a client.</summary>
/// <param name="AppliesOnce">Whether <see cref="MessageType.NumberedWrite"/> is known, and applied once.</param>
/// <param name="LastNumber">The greatest number that a write of the session had; 0 when it is not known.</param>
/// <param name="Retention">How long a session is remembered after its last write, in whole seconds.</param>
public readonly record struct SessionFacts(bool AppliesOnce, ulong LastNumber, TimeSpan Retention);
