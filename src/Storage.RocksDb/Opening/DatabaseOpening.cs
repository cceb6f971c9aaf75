using System.Runtime.InteropServices;
using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Opening;

/// <summary>Opens a database with all of its column families, and creates ours when they are missing.</summary>
internal static unsafe class DatabaseOpening
{
    public const string DataFamily = "default";
    public const string LogFamily = "wsstorage.log";
    public const string MetaFamily = "wsstorage.meta";
    public const string SessionsFamily = "wsstorage.sessions";

    /// <summary>Opens the database in a directory.</summary>
    /// <exception cref="StorageException">It could not be opened; the code and the message say why.</exception>
    public static Database Open(string directory, RocksDbOptions options)
    {
        StoreDirectory.Prepare(directory, options);
        DiskSpace.Check(directory);
        using OptionsHandle data = NativeOptions.ForData(options);
        using OptionsHandle log = NativeOptions.ForLog(options);
        using OptionsHandle meta = NativeOptions.ForMeta();
        using OptionsHandle sessions = NativeOptions.ForSessions();
        using OptionsHandle others = NativeOptions.ForOthers();

        // A database open for writing must have all of its families open; one open for reading may leave some out.
        string[] names = ListFamilies(directory, data);
        if (options.ReadOnly)
        {
            names = [.. names.Intersect([DataFamily, LogFamily, MetaFamily, SessionsFamily], StringComparer.Ordinal)];
        }

        OptionsHandle[] familyOptions = [.. names.Select(name => name switch
        {
            DataFamily => data,
            LogFamily => log,
            MetaFamily => meta,
            SessionsFamily => sessions,
            _ => others,
        })];
        nint[] handles = new nint[names.Length];
        nint pointer = OpenFamilies(directory, options.ReadOnly, data, names, familyOptions, handles);

        var database = new DatabaseHandle(pointer);
        var families = new Dictionary<string, ColumnFamilyHandle>(StringComparer.Ordinal);
        for (int i = 0; i < names.Length; i++)
        {
            families.Add(names[i], new ColumnFamilyHandle(handles[i], database));
        }

        try
        {
            if (!options.ReadOnly)
            {
                CreateIfMissing(database, families, LogFamily, log);
                CreateIfMissing(database, families, MetaFamily, meta);
                CreateIfMissing(database, families, SessionsFamily, sessions);
            }
        }
        catch
        {
            foreach (ColumnFamilyHandle family in families.Values)
            {
                family.Dispose();
            }

            database.Dispose();
            throw;
        }

        return new Database(
            database,
            families[DataFamily],
            families.GetValueOrDefault(LogFamily),
            families.GetValueOrDefault(MetaFamily),
            families.GetValueOrDefault(SessionsFamily),
            [.. families.Where(f => f.Key is not (DataFamily or LogFamily or MetaFamily or SessionsFamily)).Select(f => f.Value)]);
    }

    private static string[] ListFamilies(string directory, OptionsHandle options)
    {
        if (!StoreDirectory.HoldsDatabase(directory))
        {
            return [DataFamily];
        }

        nint error = 0;
        nint* list = RocksDbApi.rocksdb_list_column_families(options, directory, out nuint count, ref error);
        OpeningFailure.ThrowIfSet(error, directory);
        string[] names = new string[count];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = Marshal.PtrToStringUTF8(list[i])!;
        }

        RocksDbApi.rocksdb_list_column_families_destroy(list, count);
        return names;
    }

    private static nint OpenFamilies(
        string directory, bool readOnly, OptionsHandle options, string[] names, OptionsHandle[] familyOptions, nint[] handles)
    {
        nint[] nativeNames = [.. names.Select(Marshal.StringToCoTaskMemUTF8)];
        nint[] nativeOptions = [.. familyOptions.Select(o => o.Pointer)];
        nint error = 0;
        nint database;
        fixed (nint* n = nativeNames, o = nativeOptions, h = handles)
        {
            database = readOnly
                ? RocksDbApi.rocksdb_open_for_read_only_column_families(options, directory, names.Length, n, o, h, 0, ref error)
                : RocksDbApi.rocksdb_open_column_families(options, directory, names.Length, n, o, h, ref error);
        }

        Array.ForEach(nativeNames, Marshal.FreeCoTaskMem);
        OpeningFailure.ThrowIfSet(error, directory);
        return database;
    }

    private static void CreateIfMissing(
        DatabaseHandle database, Dictionary<string, ColumnFamilyHandle> families, string name, OptionsHandle options)
    {
        if (!families.ContainsKey(name))
        {
            nint error = 0;
            nint handle = RocksDbApi.rocksdb_create_column_family(database, options, name, ref error);
            NativeError.ThrowIfSet(error, $"The column family {name} could not be created");
            families.Add(name, new ColumnFamilyHandle(handle, database));
        }
    }
}
