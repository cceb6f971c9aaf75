namespace WsStorage.Protocol.Messages;

/// <summary>
/// Reads a piece of a file of a checkpoint. <c>checkpoint-read = checkpoint file offset length</c>: 16 bytes, a text, two varints.
/// </summary>
/// <param name="checkpoint">The id of the checkpoint.</param>
/// <param name="file">The name of the file.</param>
/// <param name="offset">Where the piece begins, in bytes.</param>
/// <param name="length">How many bytes it has, fewer at the end of the file.</param>
public readonly struct CheckpointReadRequest(Guid checkpoint, string file, long offset, int length) : IMessage
{
    /// <summary>The id of the checkpoint.</summary>
    public Guid Checkpoint { get; } = checkpoint;

    /// <summary>The name of the file.</summary>
    public string File { get; } = file;

    /// <summary>Where the piece begins, in bytes.</summary>
    public long Offset { get; } = offset;

    /// <summary>How many bytes it has, fewer at the end of the file.</summary>
    public int Length { get; } = length;

    /// <inheritdoc/>
    public MessageType Type => MessageType.CheckpointRead;

    /// <inheritdoc/>
    public int BodyLength => BodyWriter.UuidLength + BodyWriter.MeasureText(File)
        + Varint.Length((ulong)Offset) + Varint.Length((ulong)Length);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The message; its file is a name (<see cref="CheckpointFile.IsName"/>).</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>, or what <see cref="Check"/>
    /// finds.</exception>
    public static CheckpointReadRequest Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        Guid checkpoint = reader.ReadUuid("the id of a checkpoint");
        string file = reader.ReadText("the name of a file", CheckpointFile.MaxNameLength);
        long offset = reader.ReadInt64("the offset of a piece");
        int length = reader.ReadInt32("the length of a piece");
        reader.ExpectEnd();
        var request = new CheckpointReadRequest(checkpoint, file, offset, length);
        request.Check();
        return request;
    }

    /// <summary>Refuses what no checkpoint can answer.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: the offset or the length is out of its
    /// bounds. <see cref="StorageErrorCode.NotFound"/>: the name can't be that of a file.</exception>
    public void Check()
    {
        if (Offset < 0)
        {
            throw StorageException.InvalidArgument($"A piece of a file is to begin at {Offset}; it must be at 0 or more.");
        }

        if (Length is < 1 or > CheckpointInfo.MaxPieceBytes)
        {
            throw StorageException.InvalidArgument(
                $"A piece of a file is to have {Length} bytes; it must be from 1 to {CheckpointInfo.MaxPieceBytes}.");
        }

        if (!CheckpointFile.IsName(File))
        {
            throw new StorageException(
                StorageErrorCode.NotFound, "The checkpoint has no such file: what was given is no name of one. Take a name from its list.");
        }
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteUuid(Checkpoint);
        writer.WriteText(File);
        writer.WriteVarint((ulong)Offset);
        writer.WriteVarint((ulong)Length);
    }
}
