using System.Buffers.Binary;
using WsStorage.Core.Copies;
using WsStorage.RocksDb.History;
using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Sessions;

namespace WsStorage.RocksDb.Copies;

/// <summary>
/// What makes a store a copy, in the family <c>wsstorage.meta</c>. It is on the disk and never changes its meaning; numbers
/// are little endian.
/// </summary>
/// <remarks>
/// <code>
/// "copy"      : version: u8 = 1, range* ; no range stands for all keys
/// "copy/load" : version: u8 = 1, complete: u8, start revision: u64, start hash: u64, whole at: u64, rows: i64, bytes: i64, last
/// range       = start: field, end: field
/// field       = length: varint, that many bytes
/// last        = nothing | 0x01, the key of the last row
/// </code>
/// </remarks>
internal static class CopyFacts
{
    private const byte Version = 1;
    private const int LoadBytes = 1 + 1 + (5 * sizeof(ulong));

    private static ReadOnlySpan<byte> CopyName => "copy"u8;

    private static ReadOnlySpan<byte> LoadName => "copy/load"u8;

    /// <summary>Makes sure that a database is opened as what it is; a new copy gets its identity, durably.</summary>
    /// <param name="database">The database, just opened.</param>
    /// <param name="opening">Opens it as a copy; null for a store like any.</param>
    /// <param name="directory">Named in messages.</param>
    /// <param name="readOnly">Whether it is only read: then a copy may be opened as a store.</param>
    /// <returns>What the copy says of itself; null for a store like any.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: a copy is to be written like a store.
    /// <see cref="StorageErrorCode.Corrupt"/>: there is no copy, or its facts are damaged.</exception>
    public static CopyContent? Open(Database database, CopyOpening? opening, string directory, bool readOnly)
    {
        if (opening is null)
        {
            return readOnly || Read(database) is null ? null : throw StorageException.InvalidArgument(
                $"The store in {directory} is a replica's copy; what is written to it would not be in its source. Open it for reading only, or make a store of it with {nameof(RocksDbStorage.RestoreAsync)}.");
        }

        if (opening.Begins is { } begins)
        {
            var content = new CopyContent(begins.Ranges, new CopyLoad { Start = begins.Start });
            using var options = new WriteOptionsHandle(sync: true);
            using var batch = new NativeBatch();
            StoreFacts.WriteIdentity(batch, database, begins.Start.Epoch);
            StoreFacts.WritePosition(batch, database, begins.Start.Revision, begins.Start.Hash);
            StoreFacts.WriteCompacted(batch, database, begins.Start.Revision);
            WriteRanges(batch, database, begins.Ranges);
            WriteLoad(batch, database, content.Load!);
            batch.Write(database, options);
            return content;
        }

        return Read(database) ?? throw new StorageException(
            StorageErrorCode.Corrupt, $"The store in {directory} is no replica's copy. Remove it; the replica loads its copy anew.");
    }

    /// <summary>Makes a copy of a whole store, which keeps its epoch, position and history, durably.</summary>
    /// <param name="database">The store's database. If the store is a copy itself, it copies the same keys.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Corrupt"/>: it is no store, or not a whole one.</exception>
    public static void Adopt(Database database)
    {
        CopyContent? content = Read(database);
        if (StoreFacts.ReadFormat(database) != StoreFacts.FormatVersion || content?.Load is not null)
        {
            throw new StorageException(StorageErrorCode.Corrupt, "What is to be a copy is not a whole store of this format.");
        }

        // What was promised to the clients and followers of the source is not promised here.
        using var options = new WriteOptionsHandle(sync: true);
        using var batch = new NativeBatch();
        StoredFollowers.AppendRemovalOfAll(batch, database);
        SessionRecord.AppendRemovalOfAll(batch, database);
        WriteRanges(batch, database, content?.Ranges ?? []);
        batch.Write(database, options);
        database.Flush(database.Meta!);
        database.Flush(database.Sessions!);
    }

    /// <summary>Reads what a copy says of itself; null in a store that is none.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.UnsupportedVersion"/> or
    /// <see cref="StorageErrorCode.Corrupt"/>.</exception>
    public static CopyContent? Read(Database database)
    {
        if (StoreFacts.Read(database, CopyName) is not { } value)
        {
            return null;
        }

        CheckVersion(value);
        return new CopyContent(ReadRanges(value.AsMemory(1)), ReadLoad(database));
    }

    /// <summary>Adds how far loading is to a batch.</summary>
    public static void WriteLoad(NativeBatch batch, Database database, CopyLoad load)
    {
        int lastBytes = load.Last is { } key ? 1 + key.Length : 0;
        byte[] value = new byte[LoadBytes + lastBytes];
        value[0] = Version;
        value[1] = load.IsComplete ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt64LittleEndian(value.AsSpan(2), load.Start.Revision.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(value.AsSpan(10), load.Start.Hash);
        BinaryPrimitives.WriteUInt64LittleEndian(value.AsSpan(18), load.WholeAt.Value);
        BinaryPrimitives.WriteInt64LittleEndian(value.AsSpan(26), load.Rows);
        BinaryPrimitives.WriteInt64LittleEndian(value.AsSpan(34), load.Bytes);
        if (load.Last is { } last)
        {
            value[LoadBytes] = 1;
            last.Span.CopyTo(value.AsSpan(LoadBytes + 1));
        }

        StoreFacts.Write(batch, database, LoadName, value);
    }

    /// <summary>Adds to a batch that nothing is left to be loaded.</summary>
    public static void AppendRemovalOfLoad(NativeBatch batch, Database database) => batch.Remove(database.Meta!, LoadName);

    /// <summary>Adds to a batch that the store is no copy.</summary>
    public static void AppendRemoval(NativeBatch batch, Database database)
    {
        batch.Remove(database.Meta!, CopyName);
        AppendRemovalOfLoad(batch, database);
    }

    private static void WriteRanges(NativeBatch batch, Database database, IReadOnlyList<KeyRange> ranges)
    {
        byte[] value = new byte[1 + ranges.Sum(range => (2 * Varint.MaxLength) + range.Start.Length + range.End.Length)];
        value[0] = Version;
        int length = 1;
        foreach (KeyRange range in ranges)
        {
            length += WriteField(value.AsSpan(length), range.Start.Span);
            length += WriteField(value.AsSpan(length), range.End.Span);
        }

        StoreFacts.Write(batch, database, CopyName, value.AsSpan(0, length));
    }

    private static int WriteField(Span<byte> destination, ReadOnlySpan<byte> field)
    {
        int used = Varint.Write(destination, (ulong)field.Length);
        field.CopyTo(destination[used..]);
        return used + field.Length;
    }

    private static List<KeyRange> ReadRanges(ReadOnlyMemory<byte> rest)
    {
        var ranges = new List<KeyRange>();
        while (!rest.IsEmpty)
        {
            ReadOnlyMemory<byte> start = TakeField(ref rest);
            ranges.Add(KeyRange.Between(start, TakeField(ref rest)));
        }

        return ranges;
    }

    private static ReadOnlyMemory<byte> TakeField(ref ReadOnlyMemory<byte> rest)
    {
        if (!Varint.TryRead(rest.Span, out ulong length, out int used) || length > (ulong)(rest.Length - used))
        {
            throw ToDamaged();
        }

        ReadOnlyMemory<byte> field = rest.Slice(used, (int)length);
        rest = rest[(used + (int)length)..];
        return field;
    }

    private static CopyLoad? ReadLoad(Database database)
    {
        if (StoreFacts.Read(database, LoadName) is not { } value)
        {
            return null;
        }

        CheckVersion(value);
        if (value.Length < LoadBytes || (value.Length > LoadBytes && value[LoadBytes] != 1))
        {
            throw ToDamaged();
        }

        return new CopyLoad
        {
            Start = new Position(
                StoreFacts.ReadEpoch(database),
                new Revision(BinaryPrimitives.ReadUInt64LittleEndian(value.AsSpan(2))),
                BinaryPrimitives.ReadUInt64LittleEndian(value.AsSpan(10))),
            WholeAt = new Revision(BinaryPrimitives.ReadUInt64LittleEndian(value.AsSpan(18))),
            Rows = BinaryPrimitives.ReadInt64LittleEndian(value.AsSpan(26)),
            Bytes = BinaryPrimitives.ReadInt64LittleEndian(value.AsSpan(34)),
            Last = value.Length > LoadBytes ? value.AsMemory(LoadBytes + 1) : null,
            IsComplete = value[1] != 0,
        };
    }

    private static void CheckVersion(byte[] value)
    {
        if (value.Length == 0)
        {
            throw ToDamaged();
        }

        if (value[0] != Version)
        {
            throw new StorageException(
                StorageErrorCode.UnsupportedVersion,
                $"The facts about a copy are of version {value[0]}; this program knows version {Version}. Use a newer WsStorage.");
        }
    }

    private static StorageException ToDamaged() => new(
        StorageErrorCode.Corrupt, "The facts about a copy are damaged. Remove it; the replica loads its copy anew.");
}
