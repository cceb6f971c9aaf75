using System.Buffers;

namespace WsStorage.Outbox;

/// <summary>
/// What goes to the target at once: the marker as it must be, one or more records, and the marker as it then is. Precondition 0 is
/// the marker's; those of a record that goes alone come after it.
/// </summary>
/// <param name="Write">The batch.</param>
/// <param name="Records">The records, in order.</param>
internal sealed record DeliveryBatch(WriteBatch Write, IReadOnlyList<OutboxRecord> Records)
{
    /// <summary>The last of the records.</summary>
    public RecordPoint Last => Records[^1].Point;

    /// <summary>Puts records that have no preconditions of their own, or one that has, between two markers.</summary>
    /// <param name="markerKey">The key of the marker.</param>
    /// <param name="previous">The marker's value before; none for no marker.</param>
    /// <param name="records">The records.</param>
    public static DeliveryBatch Of(byte[] markerKey, byte[]? previous, IReadOnlyList<OutboxRecord> records)
    {
        OutboxRecord only = records[0];
        return Build(markerKey, previous, records, records.Count == 1 ? only.Preconditions.Span : default, Join(records));
    }

    /// <summary>Puts what was decided on a record in its place.</summary>
    public static DeliveryBatch Of(byte[] markerKey, byte[]? previous, OutboxRecord record, WriteBatch decided) =>
        Build(markerKey, previous, [record], decided.PackedPreconditions, decided.PackedOperations);

    private static DeliveryBatch Build(
        byte[] markerKey, byte[]? previous, IReadOnlyList<OutboxRecord> records, ReadOnlySpan<byte> preconditions, ReadOnlySpan<byte> operations)
    {
        var marker = new WriteBatch();
        _ = previous is null ? marker.RequireAbsent(markerKey) : marker.RequireEqual(markerKey, previous);

        // Last, so that it stays where a record removes a range that it is in.
        marker.Put(markerKey, Marker.Write(records[^1].Point));
        return new DeliveryBatch(
            new WriteBatch().Load([.. marker.PackedPreconditions, .. preconditions], [.. operations, .. marker.PackedOperations]), records);
    }

    private static ReadOnlySpan<byte> Join(IReadOnlyList<OutboxRecord> records)
    {
        if (records.Count == 1)
        {
            return records[0].Operations.Span;
        }

        var joined = new ArrayBufferWriter<byte>(1024);
        foreach (OutboxRecord record in records)
        {
            joined.Write(record.Operations.Span);
        }

        return joined.WrittenSpan;
    }
}
