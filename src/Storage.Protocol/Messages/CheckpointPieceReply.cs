namespace WsStorage.Protocol.Messages;

/// <summary>
/// The answer to a checkpoint-read. <c>checkpoint-piece = hash piece</c>: a varint, the <see cref="XxHash64"/> of the piece with
/// seed 0, and a field of bytes.
/// </summary>
/// <param name="hash">The hash, taken where the piece was read from the disk.</param>
/// <param name="bytes">The piece.</param>
public readonly ref struct CheckpointPieceReply(ulong hash, ReadOnlySpan<byte> bytes) : IMessage
{
    /// <summary>The hash, taken where the piece was read from the disk. Not compared with the bytes by anything here.</summary>
    public ulong Hash { get; } = hash;

    /// <summary>The piece.</summary>
    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    /// <inheritdoc/>
    public MessageType Type => MessageType.CheckpointPiece;

    /// <inheritdoc/>
    public int BodyLength => Varint.Length(Hash) + BodyWriter.MeasureBytes(Bytes);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The message; its piece is a slice of the body.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static CheckpointPieceReply Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        ulong hash = reader.ReadVarint();
        ReadOnlySpan<byte> bytes = reader.ReadBytes();
        reader.ExpectEnd();
        return bytes.Length <= CheckpointInfo.MaxPieceBytes
            ? new CheckpointPieceReply(hash, bytes)
            : throw BodyReader.Malformed($"a piece has {bytes.Length} bytes; at most {CheckpointInfo.MaxPieceBytes} are allowed");
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteVarint(Hash);
        writer.WriteBytes(Bytes);
    }
}
