namespace WsStorage.Protocol.Messages;

/// <summary>
/// The answer to an info. <c>info-reply = engine epoch revision hash compacted-revision bytes keys durability read-only
/// max-value-bytes max-batch-bytes</c>: a text, 16 bytes, then varints.
/// </summary>
/// <param name="info">The facts.</param>
public readonly struct InfoReply(StorageInfo info) : IMessage
{
    private readonly string _engine = WireText.Shorten(info.Engine, WireText.MaxNameBytes);

    /// <inheritdoc/>
    public MessageType Type => MessageType.InfoReply;

    /// <inheritdoc/>
    public int BodyLength => BodyWriter.MeasureText(_engine)
        + 17 + Varint.Length(info.Position.Revision.Value) + Varint.Length(info.Position.Hash)
        + Varint.Length(info.CompactedRevision.Value)
        + Varint.Length((ulong)info.ApproximateBytes) + Varint.Length((ulong)info.ApproximateKeys) + 2
        + Varint.Length((ulong)info.Limits.MaxValueBytes) + Varint.Length((ulong)info.Limits.MaxBatchBytes);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The facts.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static StorageInfo Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        var info = new StorageInfo
        {
            Engine = reader.ReadText("the engine's name", WireText.MaxNameBytes),
            Position = reader.ReadPosition(),
            CompactedRevision = new Revision(reader.ReadVarint()),
            ApproximateBytes = reader.ReadInt64("the number of bytes"),
            ApproximateKeys = reader.ReadInt64("the number of keys"),
            Durability = (Durability)reader.ReadInt32("the durability", (int)Durability.Synced),
            IsReadOnly = reader.ReadInt32("whether the store is read-only", 1) == 1,
            Limits = new StorageLimits(reader.ReadInt32("the longest value"), reader.ReadInt32("the largest batch")),
        };
        reader.ExpectEnd();
        return info;
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteText(_engine);
        writer.WriteEpoch(info.Position.Epoch);
        writer.WriteVarint(info.Position.Revision.Value);
        writer.WriteVarint(info.Position.Hash);
        writer.WriteVarint(info.CompactedRevision.Value);
        writer.WriteVarint((ulong)info.ApproximateBytes);
        writer.WriteVarint((ulong)info.ApproximateKeys);
        writer.WriteVarint((ulong)info.Durability);
        writer.WriteVarint(info.IsReadOnly ? 1u : 0u);
        writer.WriteVarint((ulong)info.Limits.MaxValueBytes);
        writer.WriteVarint((ulong)info.Limits.MaxBatchBytes);
    }
}
