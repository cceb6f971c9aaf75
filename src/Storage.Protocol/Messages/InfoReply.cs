namespace WsStorage.Protocol.Messages;

/// <summary>
/// The answer to an info. <c>info-reply = engine epoch revision hash compacted-revision bytes keys durability read-only
/// max-value-bytes max-batch-bytes history-bytes followers staleness</c>: a text, 16 bytes, then varints. The staleness is 0 when
/// the store is no copy, else one more than its milliseconds.
/// </summary>
/// <param name="info">The facts.</param>
public readonly struct InfoReply(StorageInfo info) : IMessage
{
    private readonly string _engine = WireText.Shorten(info.Engine, WireText.MaxNameBytes);

    /// <inheritdoc/>
    public MessageType Type => MessageType.InfoReply;

    /// <inheritdoc/>
    public int BodyLength => BodyWriter.MeasureText(_engine)
        + BodyWriter.MeasurePosition(info.Position)
        + Varint.Length(info.CompactedRevision.Value)
        + Varint.Length((ulong)info.ApproximateBytes) + Varint.Length((ulong)info.ApproximateKeys) + 2
        + Varint.Length((ulong)info.Limits.MaxValueBytes) + Varint.Length((ulong)info.Limits.MaxBatchBytes)
        + Varint.Length((ulong)info.HistoryBytes) + Varint.Length((ulong)info.FollowerCount) + Varint.Length(WireStaleness);

    // A bound, so rounded up.
    private ulong WireStaleness => info.Staleness is { Ticks: var ticks }
        ? (ulong)(ticks / TimeSpan.TicksPerMillisecond) + (ticks % TimeSpan.TicksPerMillisecond > 0 ? 2UL : 1UL)
        : 0;

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
            HistoryBytes = reader.ReadInt64("the bytes of history"),
            FollowerCount = reader.ReadInt32("the number of followers"),
            Staleness = ReadStaleness(ref reader),
        };
        reader.ExpectEnd();
        return info;
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteText(_engine);
        writer.WritePosition(info.Position);
        writer.WriteVarint(info.CompactedRevision.Value);
        writer.WriteVarint((ulong)info.ApproximateBytes);
        writer.WriteVarint((ulong)info.ApproximateKeys);
        writer.WriteVarint((ulong)info.Durability);
        writer.WriteVarint(info.IsReadOnly ? 1u : 0u);
        writer.WriteVarint((ulong)info.Limits.MaxValueBytes);
        writer.WriteVarint((ulong)info.Limits.MaxBatchBytes);
        writer.WriteVarint((ulong)info.HistoryBytes);
        writer.WriteVarint((ulong)info.FollowerCount);
        writer.WriteVarint(WireStaleness);
    }

    private static TimeSpan? ReadStaleness(ref BodyReader reader)
    {
        long value = reader.ReadInt64("the staleness");
        return value == 0 ? null : BodyReader.ToTimeSpan(value - 1);
    }
}
