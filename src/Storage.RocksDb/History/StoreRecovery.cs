using Microsoft.Extensions.Logging;
using WsStorage.Core;
using WsStorage.RocksDb.Commit;
using WsStorage.RocksDb.Copies;
using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Sessions;

namespace WsStorage.RocksDb.History;

/// <summary>Finds out, at the opening of a store, which it is and how far it is; a new one gets its identity.</summary>
internal static class StoreRecovery
{
    /// <summary>Recovers the position, and the ends of the commit log.</summary>
    /// <param name="database">The database, just opened.</param>
    /// <param name="bounds">Set to the ends of the log.</param>
    /// <param name="options">Whether the store may be changed, and has a log.</param>
    /// <param name="directory">Named in messages.</param>
    /// <param name="logger">Told of what is odd.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.UnsupportedVersion"/> or
    /// <see cref="StorageErrorCode.Corrupt"/>.</exception>
    public static StorePosition Recover(
        Database database, LogBounds bounds, RocksDbOptions options, string directory, ILogger logger)
    {
        if (ReadEpoch(database, directory) is not { } epoch)
        {
            if (options.ReadOnly)
            {
                return new StorePosition(default, Revision.None);
            }

            epoch = Guid.NewGuid();
            WriteEpoch(database, epoch, adopts: HasRows(database, database.Data));
            Log.Created(logger, directory, epoch);
        }

        bounds.Set(CommitLog.ReadFirst(database), CommitLog.ReadLast(database));
        (Revision revision, ulong hash) = ReadPosition(database);
        Revision compacted = ReadCompacted(database, bounds, revision, directory, logger);
        if (!options.ReadOnly)
        {
            compacted = SwitchLog(database, bounds, options.CommitLogBytes > 0, (revision, hash), compacted);
        }

        return new StorePosition(new Position(epoch, revision, hash), compacted);
    }

    /// <summary>Reads how far the store is.</summary>
    /// <param name="database">The database.</param>
    /// <param name="snapshot">The point in time to read; null for now.</param>
    public static (Revision Revision, ulong Hash) ReadPosition(Database database, SnapshotHandle? snapshot = null)
    {
        // While the log is on its newest record tells; the fact is of a time when it was off.
        (Revision Revision, ulong Hash) fact = StoreFacts.ReadPosition(database, snapshot) ?? default;
        return CommitLog.ReadLast(database, snapshot) is { } newest && newest.Last > fact.Revision
            ? (newest.Last, newest.Hash)
            : fact;
    }

    /// <summary>Gives the store an identity, durably.</summary>
    /// <param name="database">The database.</param>
    /// <param name="epoch">The identity.</param>
    /// <param name="adopts">Whether it holds data that another program has written. That data counts as revision 1, whose
    /// history is gone: who follows the store from its beginning is told so, and does not miss it.</param>
    public static void WriteEpoch(Database database, Guid epoch, bool adopts = false)
    {
        bool hasSessions = HasRows(database, database.Sessions!);
        using (var options = new WriteOptionsHandle(sync: true))
        using (var batch = new NativeBatch())
        {
            StoreFacts.WriteIdentity(batch, database, epoch);

            // What was promised to the clients and followers of another epoch is not promised in this one.
            StoredFollowers.AppendRemovalOfAll(batch, database);
            CopyFacts.AppendRemoval(batch, database);
            if (hasSessions)
            {
                SessionRecord.AppendRemovalOfAll(batch, database);
            }

            if (adopts)
            {
                Revision adopted = Revision.None.Next;
                StoreFacts.WritePosition(batch, database, adopted, ChainHash.Append(ChainHash.Seed, adopted, []));
                StoreFacts.WriteCompacted(batch, database, adopted);
            }

            batch.Write(database, options);
        }

        // A family that is seldom written, left in memory, would keep old write-ahead log files for ever.
        database.Flush(database.Meta!);
        if (hasSessions)
        {
            database.Flush(database.Sessions!);
        }
    }

    private static bool HasRows(Database database, ColumnFamilyHandle family)
    {
        using var rows = new RowIterator(database, family, new ReadOptionsHandle());
        return rows.Start(reverse: false);
    }

    private static Guid? ReadEpoch(Database database, string directory) => StoreFacts.ReadFormat(database) switch
    {
        StoreFacts.FormatVersion => StoreFacts.ReadEpoch(database),
        null when CommitLog.ReadLast(database) is null => null,
        null => throw new StorageException(
            StorageErrorCode.Corrupt,
            $"The store in {directory} has a commit log but no identity. Restore it from a checkpoint."),
        uint version => throw new StorageException(
            StorageErrorCode.UnsupportedVersion,
            $"The store in {directory} is of format {version}; this program knows format {StoreFacts.FormatVersion}. Use a newer WsStorage."),
    };

    private static Revision ReadCompacted(
        Database database, LogBounds bounds, Revision revision, string directory, ILogger logger)
    {
        if (bounds.Oldest is not { } oldest)
        {
            return revision;
        }

        Revision compacted = StoreFacts.ReadCompacted(database);
        if (oldest.First.Value > compacted.Value + 1 && !oldest.IsSparse)
        {
            Log.HistoryShort(logger, directory, oldest.First.Value, compacted.Value + 1);
            return new Revision(oldest.First.Value - 1);
        }

        return compacted;
    }

    /// <summary>A log that was switched off ends its history; one that is switched on begins it anew.</summary>
    private static Revision SwitchLog(
        Database database, LogBounds bounds, bool on, (Revision Revision, ulong Hash) position, Revision compacted)
    {
        bool wasOn = bounds.Newest is not null || position.Revision == Revision.None;
        if (on == wasOn)
        {
            return compacted;
        }

        using var options = new WriteOptionsHandle(sync: true);
        using var batch = new NativeBatch();
        if (bounds.Newest is { } newest)
        {
            Span<byte> start = stackalloc byte[LogRecord.KeyBytes];
            Span<byte> end = stackalloc byte[LogRecord.KeyBytes];
            LogRecord.WriteKey(start, Revision.None);
            LogRecord.WriteKey(end, newest.First.Next);
            batch.RemoveRange(database.Log!, start, end);
        }

        StoreFacts.WritePosition(batch, database, position.Revision, position.Hash);
        StoreFacts.WriteCompacted(batch, database, position.Revision);
        batch.Write(database, options);
        bounds.Set(null, null);
        return position.Revision;
    }
}
