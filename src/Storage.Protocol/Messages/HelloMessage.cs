namespace WsStorage.Protocol.Messages;

/// <summary>
/// The first message of a client. <c>hello = version flags name max-message-bytes [client-id] *more</c>: two varints, a text
/// of at most 256 bytes, a varint, and 16 bytes if flag 2 is set. A server skips what follows, so that later versions can add
/// fields.
/// </summary>
/// <param name="version">The version that the client speaks.</param>
/// <param name="acceptsPacks">Whether the server may send packs.</param>
/// <param name="clientName">Who the client says it is, for the server's log; cut when it is longer.</param>
/// <param name="maxMessageBytes">The largest WebSocket message that the client takes.</param>
/// <param name="clientId">Which session is the client's; none for a client without one.</param>
/// <param name="acceptsRepeats">Whether the server may send repeats in packs.</param>
public readonly struct HelloMessage(
    int version, bool acceptsPacks, string clientName, int maxMessageBytes, Guid? clientId = null, bool acceptsRepeats = false) : IMessage
{
    private const ulong AcceptsPacksFlag = 1;
    private const ulong ClientIdFlag = 2;
    private const ulong AcceptsRepeatsFlag = 4;
    private const int ClientIdBytes = 17;

    /// <summary>The version that the client speaks.</summary>
    public int Version { get; } = version;

    /// <summary>
    /// Whether the server may send packs. Read from a body, also whether the client takes the largest.
    /// </summary>
    public bool AcceptsPacks { get; } = acceptsPacks;

    /// <summary>Whether the server may send a <see cref="RepeatMessage"/> in a pack, if it may send packs.</summary>
    public bool AcceptsRepeats { get; } = acceptsRepeats;

    /// <summary>Who the client says it is.</summary>
    public string ClientName { get; } = WireText.Shorten(clientName, WireText.MaxNameBytes);

    /// <summary>The largest WebSocket message that the client takes, in bytes.</summary>
    public int MaxMessageBytes { get; } = maxMessageBytes;

    /// <summary>Which session is the client's; none for a client without one.</summary>
    public Guid? ClientId { get; } = clientId;

    /// <inheritdoc/>
    public MessageType Type => MessageType.Hello;

    /// <inheritdoc/>
    public int BodyLength => Varint.Length((ulong)Version) + 1 + BodyWriter.MeasureText(ClientName)
        + Varint.Length((ulong)MaxMessageBytes) + (ClientId is null ? 0 : ClientIdBytes);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The message.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>; or
    /// <see cref="StorageErrorCode.UnsupportedVersion"/>, whatever follows the version.</exception>
    public static HelloMessage Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        ulong version = reader.ReadVarint();
        if (version != ProtocolConstants.Version)
        {
            throw new StorageException(
                StorageErrorCode.UnsupportedVersion,
                $"The client speaks version {version} of the protocol; this server speaks version {ProtocolConstants.Version}. Use a client of that version.");
        }

        ulong flags = reader.ReadVarint();
        string name = reader.ReadText("the client's name", WireText.MaxNameBytes);
        int maxMessageBytes = reader.ReadInt32("the largest message");
        bool acceptsPacks = (flags & AcceptsPacksFlag) != 0 && maxMessageBytes >= ProtocolConstants.MaxPackBytes;
        Guid? clientId = (flags & ClientIdFlag) != 0 ? reader.ReadUuid("the client's id") : null;
        return new HelloMessage((int)version, acceptsPacks, name, maxMessageBytes, clientId, (flags & AcceptsRepeatsFlag) != 0);
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteVarint((ulong)Version);
        writer.WriteVarint((AcceptsPacks ? AcceptsPacksFlag : 0)
            | (ClientId is null ? 0 : ClientIdFlag)
            | (AcceptsRepeats ? AcceptsRepeatsFlag : 0));
        writer.WriteText(ClientName);
        writer.WriteVarint((ulong)MaxMessageBytes);
        if (ClientId is { } id)
        {
            writer.WriteEpoch(id);
        }
    }
}
