using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Opening;

namespace WsStorage.RocksDb.Tests;

/// <summary>Reads and writes rows of a closed store's families beside the data.</summary>
internal static class StoredSessions
{
    /// <summary>Every row of the family of sessions.</summary>
    public static List<(byte[] Key, byte[] Value)> Read(string directory)
    {
        using Database database = DatabaseOpening.Open(directory, new RocksDbOptions { ReadOnly = true });
        return ReadRows(database, database.Sessions!);
    }

    /// <summary>The names of the followers.</summary>
    public static string[] ReadFollowers(string directory)
    {
        using Database database = DatabaseOpening.Open(directory, new RocksDbOptions { ReadOnly = true });
        return [.. ReadRows(database, database.Meta!)
            .Select(row => System.Text.Encoding.UTF8.GetString(row.Key))
            .Where(key => key.StartsWith("follower/", StringComparison.Ordinal))
            .Select(key => key["follower/".Length..])];
    }

    /// <summary>Puts a row into the family of sessions.</summary>
    public static void Write(string directory, byte[] key, byte[] value)
    {
        using Database database = DatabaseOpening.Open(directory, new RocksDbOptions());
        using var options = new WriteOptionsHandle(sync: true);
        using var batch = new NativeBatch();
        batch.Put(database.Sessions!, key, value);
        batch.Write(database, options);
    }

    private static List<(byte[] Key, byte[] Value)> ReadRows(Database database, ColumnFamilyHandle family)
    {
        using var rows = new RowIterator(database, family, new ReadOptionsHandle());
        var read = new List<(byte[], byte[])>();
        for (bool any = rows.Start(reverse: false); any; any = rows.Move(reverse: false))
        {
            read.Add((rows.Key.ToArray(), rows.Value.ToArray()));
        }

        return read;
    }
}
