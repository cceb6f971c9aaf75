using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Reading;

/// <summary>Reads one key.</summary>
internal static class SingleRead
{
    /// <summary>Reads a key.</summary>
    /// <param name="database">The database.</param>
    /// <param name="cache">The rows that were read last; null if there is none.</param>
    /// <param name="key">The key, within its limit.</param>
    /// <returns>Its value, or null if it is absent.</returns>
    /// <exception cref="StorageException">The read failed.</exception>
    public static byte[]? Read(Database database, RowCache? cache, ReadOnlySpan<byte> key)
    {
        if (cache is null)
        {
            using PinnedValue only = Get(database, key);
            return only.Exists ? only.Span.ToArray() : null;
        }

        ulong hash = RowCache.Hash(key);
        byte[] found = [];
        int length = 0;
        if (cache.TryAppend(key, hash, ref found, ref length))
        {
            return found;
        }

        long moment = cache.Now;
        using PinnedValue value = Get(database, key);
        if (!value.Exists)
        {
            return null;
        }

        cache.Keep(key, hash, value.Span, moment);
        return value.Span.ToArray();
    }

    private static PinnedValue Get(Database database, ReadOnlySpan<byte> key) =>
        PinnedValue.Get(database, database.Data, database.ReadOptions, key);
}
