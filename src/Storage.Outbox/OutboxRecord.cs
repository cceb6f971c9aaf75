using System.Buffers.Binary;

namespace WsStorage.Outbox;

/// <summary>
/// A write that was accepted, as it lies in the local store: <c>version(1) link(8) accepted(8) length preconditions
/// operations</c>. Numbers are big-endian, <c>accepted</c> is Unix time in milliseconds, <c>length</c> is the varint length of the
/// packed preconditions. The link is random: no other outbox has the same at the same place.
/// </summary>
internal readonly record struct OutboxRecord(
    ulong Sequence, ulong Link, long AcceptedAt, ReadOnlyMemory<byte> Preconditions, ReadOnlyMemory<byte> Operations, int ByteCount)
{
    private const byte Version = 1;
    private const int HeaderBytes = 17;

    public RecordPoint Point => new(Sequence, Link);

    public static byte[] Pack(WriteBatch batch, ulong link, long acceptedAt)
    {
        ReadOnlySpan<byte> preconditions = batch.PackedPreconditions;
        int length = Varint.Length((ulong)preconditions.Length);
        byte[] record = new byte[checked(HeaderBytes + length + batch.ByteCount)];
        record[0] = Version;
        BinaryPrimitives.WriteUInt64BigEndian(record.AsSpan(1), link);
        BinaryPrimitives.WriteInt64BigEndian(record.AsSpan(9), acceptedAt);
        Varint.Write(record.AsSpan(HeaderBytes), (ulong)preconditions.Length);
        preconditions.CopyTo(record.AsSpan(HeaderBytes + length));
        batch.PackedOperations.CopyTo(record.AsSpan(HeaderBytes + length + preconditions.Length));
        return record;
    }

    /// <summary>Reads a record as slices of its bytes.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Corrupt"/> or
    /// <see cref="StorageErrorCode.UnsupportedVersion"/>.</exception>
    public static OutboxRecord Read(ulong sequence, ReadOnlyMemory<byte> bytes)
    {
        ReadOnlySpan<byte> span = bytes.Span;
        if (span.IsEmpty || span[0] != Version)
        {
            throw new StorageException(
                span.IsEmpty ? StorageErrorCode.Corrupt : StorageErrorCode.UnsupportedVersion,
                $"Record {sequence} of the outbox is not of version {Version}, the one that this program knows. Open it with the program that wrote it.");
        }

        if (span.Length <= HeaderBytes
            || !Varint.TryRead(span[HeaderBytes..], out ulong length, out int used)
            || length > (ulong)(span.Length - HeaderBytes - used))
        {
            throw new StorageException(
                StorageErrorCode.Corrupt, $"Record {sequence} of the outbox is cut short: its local store is damaged. Restore it from a backup.");
        }

        int start = HeaderBytes + used;
        return new OutboxRecord(
            sequence,
            BinaryPrimitives.ReadUInt64BigEndian(span[1..]),
            BinaryPrimitives.ReadInt64BigEndian(span[9..]),
            bytes.Slice(start, (int)length),
            bytes[(start + (int)length)..],
            bytes.Length);
    }

    /// <summary>The value that the put at an offset of the operations sets.</summary>
    public ReadOnlyMemory<byte> ValueAt(int offset)
    {
        BatchOperations operations = new(Operations.Span[offset..]);
        operations.MoveNext();
        int end = offset + 1 + FieldBytes(operations.Current.Key.Length) + FieldBytes(operations.Current.Value.Length);
        return Operations[(end - operations.Current.Value.Length)..end];
    }

    /// <summary>The bytes of a packed field.</summary>
    public static int FieldBytes(int length) => Varint.Length((ulong)length) + length;
}

/// <summary>A place in the sequence of records, with the link that only this outbox's record has there.</summary>
internal readonly record struct RecordPoint(ulong Sequence, ulong Link);
