using System.Buffers.Binary;

namespace WsStorage.RocksDb.History;

/// <summary>
/// What a record of the commit log says of itself. One record holds one commit group, the batches that were written
/// together.
/// </summary>
/// <remarks>
/// <para>The layout is on the disk and never changes; a new one gets a new version. Numbers are little endian, save in the
/// key, whose byte order is the order of revisions. <c>docs/log-format.md</c> describes it with an example.</para>
/// <code>
/// key    = first revision: u64 big endian
/// value  = version: u8 = 1, 2 or 3, commit time: i64 (ms since 1970 UTC), count: u32, hash: u64, offset: u64, count * batch
/// batch  = length: varint, packed operations; in version 2 then length: varint, packed previous values
/// </code>
/// <para>The hash is that of the position after the last batch. The offset is the bytes, keys and values, of all records
/// before this one since the log began: retention finds its cut by it without a walk.</para>
/// <para>A record of version 3 is sparse: it is one batch of a copy of some ranges, cut to these, with the hash that it has in
/// the source. It may follow a gap, and its batch may be empty.</para>
/// </remarks>
/// <param name="First">The revision of the first batch.</param>
/// <param name="CommitTime">Milliseconds since 1970 UTC.</param>
/// <param name="Count">How many batches there are.</param>
/// <param name="Hash">The hash after the last batch.</param>
/// <param name="Offset">The bytes of all records before this one.</param>
/// <param name="ByteCount">The bytes of this record, key and value.</param>
/// <param name="Layout">Its version.</param>
internal readonly record struct LogRecord(
    Revision First, long CommitTime, uint Count, ulong Hash, ulong Offset, ulong ByteCount, byte Layout)
{
    /// <summary>A record of operations alone.</summary>
    public const byte Version = 1;

    /// <summary>A record of operations and of what their keys held before.</summary>
    public const byte VersionWithPrevious = 2;

    /// <summary>A record of one batch that may follow a gap.</summary>
    public const byte SparseVersion = 3;

    public const int KeyBytes = 8;
    public const int HeaderBytes = 1 + 8 + 4 + 8 + 8;

    /// <summary>The revision of the last batch.</summary>
    public Revision Last => new(First.Value + Count - 1);

    /// <summary>Whether it holds what the keys held before.</summary>
    public bool HasPrevious => Layout == VersionWithPrevious;

    /// <summary>Whether there may be revisions before it that are in no record, and its hash can't be computed.</summary>
    public bool IsSparse => Layout == SparseVersion;

    /// <summary>The bytes of all records up to this one.</summary>
    public ulong End => Offset + ByteCount;

    /// <summary>Writes the key of the record that begins with a revision.</summary>
    public static void WriteKey(Span<byte> key, Revision first) => BinaryPrimitives.WriteUInt64BigEndian(key, first.Value);

    /// <summary>Writes the start of the value, before the batches.</summary>
    public static void WriteHeader(Span<byte> value, long commitTime, uint count, ulong hash, ulong offset, byte version)
    {
        value[0] = version;
        BinaryPrimitives.WriteInt64LittleEndian(value[1..], commitTime);
        BinaryPrimitives.WriteUInt32LittleEndian(value[9..], count);
        BinaryPrimitives.WriteUInt64LittleEndian(value[13..], hash);
        BinaryPrimitives.WriteUInt64LittleEndian(value[21..], offset);
    }

    /// <summary>Reads what a record says of itself.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.UnsupportedVersion"/> or
    /// <see cref="StorageErrorCode.Corrupt"/>.</exception>
    public static LogRecord Read(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty && value[0] is not (Version or VersionWithPrevious or SparseVersion))
        {
            throw new StorageException(
                StorageErrorCode.UnsupportedVersion,
                $"The commit log holds a record of version {value[0]}; this program knows versions {Version} to {SparseVersion}. Use a newer WsStorage.");
        }

        if (key.Length != KeyBytes || value.Length < HeaderBytes)
        {
            throw new StorageException(
                StorageErrorCode.Corrupt, "The commit log holds a record that is cut short. Restore the store from a checkpoint.");
        }

        return new LogRecord(
            new Revision(BinaryPrimitives.ReadUInt64BigEndian(key)),
            BinaryPrimitives.ReadInt64LittleEndian(value[1..]),
            BinaryPrimitives.ReadUInt32LittleEndian(value[9..]),
            BinaryPrimitives.ReadUInt64LittleEndian(value[13..]),
            BinaryPrimitives.ReadUInt64LittleEndian(value[21..]),
            (ulong)(key.Length + value.Length),
            value[0]);
    }
}
