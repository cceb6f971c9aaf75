using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb;

/// <content>Tidying up by hand.</content>
public sealed partial class RocksDbStorage
{
    /// <summary>
    /// Writes the data and the commit log anew, each key once: reads are fastest afterwards, and what was overwritten, removed
    /// or trimmed takes no room any more. RocksDB does so by itself, bit by bit; this does all of it at once, for which it reads
    /// and writes the whole store. Reads and writes go on meanwhile, more slowly.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait, not the work.</param>
    /// <returns>Completes when it is done.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ReadOnly"/>, <see cref="StorageErrorCode.DiskFull"/>,
    /// <see cref="StorageErrorCode.IOError"/>, <see cref="StorageErrorCode.Closed"/>.</exception>
    /// <remarks>Source: RocksDB's <c>CompactRange</c> (<c>rocksdb/db.h</c>).</remarks>
    public async ValueTask CompactDataAsync(CancellationToken cancellationToken = default) =>
        await RunAsync(
            _ =>
            {
                Compact(_database.Data);
                if (_database.Log is not null)
                {
                    Compact(_database.Log);
                }

                return true;
            },
            checkWrites: true,
            cancellationToken).ConfigureAwait(false);

    private void Compact(ColumnFamilyHandle family)
    {
        // The flush says what is wrong with the disk; the compaction itself has no way to.
        _database.Flush(family);
        _database.CompactFiles(family);
    }
}
