namespace WsStorage.Protocol.Messages;

/// <summary>
/// The answer to a checkpoint-create. <c>checkpoint-reply = checkpoint format epoch revision hash count count*(name length)</c>:
/// 16 bytes, a text, a position, a varint, and for each file a text and a varint.
/// </summary>
/// <param name="info">What the checkpoint is made of.</param>
public readonly struct CheckpointReply(CheckpointInfo info) : IMessage
{
    /// <summary>The most files that a checkpoint may have.</summary>
    public const int MaxFiles = 100_000;

    // A name of one letter, and a length.
    private const int LeastFileBytes = 3;

    /// <inheritdoc/>
    public MessageType Type => MessageType.CheckpointReply;

    /// <inheritdoc/>
    public int BodyLength
    {
        get
        {
            int length = BodyWriter.UuidLength + BodyWriter.MeasureText(info.Format) + BodyWriter.MeasurePosition(info.Position)
                + Varint.Length((ulong)info.Files.Count);
            foreach (CheckpointFile file in info.Files)
            {
                length = checked(length + BodyWriter.MeasureText(file.Name) + Varint.Length((ulong)file.Length));
            }

            return length;
        }
    }

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>What the checkpoint is made of. Each name is one (<see cref="CheckpointFile.IsName"/>), and the lengths add up
    /// to no more than a signed number holds.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static CheckpointInfo Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        Guid id = reader.ReadUuid("the id of a checkpoint");
        string format = reader.ReadText("the format of a checkpoint", WireText.MaxNameBytes);
        Position position = reader.ReadPosition();
        int count = reader.ReadInt32("the number of files", Math.Min(MaxFiles, reader.Remaining / LeastFileBytes));
        var files = new CheckpointFile[count];
        long left = long.MaxValue;
        for (int i = 0; i < files.Length; i++)
        {
            string name = reader.ReadText("the name of a file", CheckpointFile.MaxNameLength);
            if (!CheckpointFile.IsName(name))
            {
                throw BodyReader.Malformed("the name of a file has other characters than it may");
            }

            long length = reader.ReadInt64("the length of a file");
            left -= length;
            if (left < 0)
            {
                throw BodyReader.Malformed("the files of a checkpoint are longer than 2^63-1 bytes");
            }

            files[i] = new CheckpointFile(name, length);
        }

        reader.ExpectEnd();
        return new CheckpointInfo { Id = id, Format = format, Position = position, Files = files };
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteUuid(info.Id);
        writer.WriteText(info.Format);
        writer.WritePosition(info.Position);
        writer.WriteVarint((ulong)info.Files.Count);
        foreach (CheckpointFile file in info.Files)
        {
            writer.WriteText(file.Name);
            writer.WriteVarint((ulong)file.Length);
        }
    }
}
