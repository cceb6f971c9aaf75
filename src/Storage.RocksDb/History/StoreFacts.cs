using System.Buffers.Binary;
using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.History;

/// <summary>
/// The keys and values of the family <c>wsstorage.meta</c>. They are on the disk and never change their meaning. Numbers
/// are little endian.
/// </summary>
/// <remarks>
/// <code>
/// "format"    : u32 = 1
/// "epoch"     : 16 bytes, a UUID in the order of RFC 9562
/// "compacted" : u64, the revision at or below which history is gone; absent for 0
/// "position"  : u64 revision, u64 hash; written while the commit log is off, and when it is switched
/// "follower/" : see StoredFollowers
/// "copy"      : see CopyFacts
/// </code>
/// </remarks>
internal static class StoreFacts
{
    /// <summary>The version of everything of ours on the disk.</summary>
    public const uint FormatVersion = 1;

    private const int PositionBytes = 16;

    /// <summary>Reads the format version; null in a store that has none yet.</summary>
    public static uint? ReadFormat(Database database) =>
        Read(database, "format"u8) is { } value ? BinaryPrimitives.ReadUInt32LittleEndian(Exact(value, sizeof(uint))) : null;

    /// <summary>Reads the epoch.</summary>
    public static Guid ReadEpoch(Database database) =>
        new(Exact(Read(database, "epoch"u8) ?? [], 16), bigEndian: true);

    /// <summary>Reads the revision at or below which history is gone.</summary>
    public static Revision ReadCompacted(Database database) =>
        Read(database, "compacted"u8) is { } value
            ? new Revision(BinaryPrimitives.ReadUInt64LittleEndian(Exact(value, sizeof(ulong))))
            : Revision.None;

    /// <summary>Reads the position kept while the log was off; null if it never was.</summary>
    public static (Revision Revision, ulong Hash)? ReadPosition(Database database, SnapshotHandle? snapshot = null)
    {
        if (Read(database, "position"u8, snapshot) is not { } value)
        {
            return null;
        }

        ReadOnlySpan<byte> bytes = Exact(value, PositionBytes);
        return (new Revision(BinaryPrimitives.ReadUInt64LittleEndian(bytes)), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
    }

    /// <summary>Adds the identity of a store to a batch.</summary>
    public static void WriteIdentity(NativeBatch batch, Database database, Guid epoch)
    {
        Span<byte> value = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(value, FormatVersion);
        Write(batch, database, "format"u8, value[..sizeof(uint)]);
        epoch.TryWriteBytes(value, bigEndian: true, out _);
        Write(batch, database, "epoch"u8, value);
    }

    /// <summary>Adds the revision at or below which history is gone to a batch.</summary>
    public static void WriteCompacted(NativeBatch batch, Database database, Revision compacted)
    {
        Span<byte> value = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(value, compacted.Value);
        Write(batch, database, "compacted"u8, value);
    }

    /// <summary>Adds the position to a batch.</summary>
    public static void WritePosition(NativeBatch batch, Database database, Revision revision, ulong hash)
    {
        Span<byte> value = stackalloc byte[PositionBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(value, revision.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(value[8..], hash);
        Write(batch, database, "position"u8, value);
    }

    /// <summary>Adds a fact to a batch.</summary>
    public static void Write(NativeBatch batch, Database database, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        batch.Put(database.Meta!, name, value);

    /// <summary>Reads a fact; null when there is none.</summary>
    public static byte[]? Read(Database database, ReadOnlySpan<byte> name, SnapshotHandle? snapshot = null)
    {
        if (database.Meta is null)
        {
            return null;
        }

        using var options = new ReadOptionsHandle();
        if (snapshot is not null)
        {
            options.SetSnapshot(snapshot);
        }

        using PinnedValue value = PinnedValue.Get(database, database.Meta, options, name);
        return value.Exists ? value.Span.ToArray() : null;
    }

    private static byte[] Exact(byte[] value, int length) => value.Length == length
        ? value
        : throw new StorageException(
            StorageErrorCode.Corrupt,
            $"A fact about the store is {value.Length} bytes long where {length} belong. Restore the store from a checkpoint.");
}
