using WsStorage.RocksDb.History;
using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Opening;

namespace WsStorage.RocksDb.Tests;

/// <summary>What can be opened, and what is said when it can't.</summary>
public sealed class OpeningTests : StoreFixture
{
    [Test]
    public async Task A_store_open_in_this_process_is_locked()
    {
        await using RocksDbStorage store = Open();
        StorageException e = Fails(() => Open());
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.Locked));
        Assert.That(e.Message, Does.Contain(StorePath).And.Contain("this process"));
    }

    [Test]
    public async Task A_store_open_in_another_process_is_locked_and_can_be_read()
    {
        using ChildProcess child = ChildProcess.Start("hold", StorePath);
        Assert.That(await child.ReadLineAsync(), Is.EqualTo("open"));
        StorageException e = Fails(() => Open());
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.Locked));
        Assert.That(e.Message, Does.Contain(StorePath).And.Contain("another process ("));
        await using RocksDbStorage reader = Open(new() { ReadOnly = true });
        Assert.That((await reader.GetInfoAsync()).Epoch, Is.Not.EqualTo(Guid.Empty));
    }

    [Test]
    public async Task A_read_only_store_is_read_and_refuses_writes()
    {
        Position position;
        await using (RocksDbStorage store = Open())
        {
            await store.WriteAsync(Put("a", "1").Put("b", "2"));
            position = (await store.GetInfoAsync()).Position;
        }

        await using RocksDbStorage reader = Open(new() { ReadOnly = true });
        StorageInfo info = await reader.GetInfoAsync();
        Assert.That((info.Position, info.IsReadOnly), Is.EqualTo((position, true)));
        Assert.That(await DumpAsync(reader), Is.EqualTo(new[] { "a=1", "b=2" }));
        Assert.That(await reader.GetStringAsync("b"), Is.EqualTo("2"));
        GetManyResult many = await reader.GetManyAsync([.. Enumerable.Range(0, 300).Select(_ => (ReadOnlyMemory<byte>)B("a"))]);
        Assert.That(many.Values, Is.All.EqualTo(B("1")));
        Assert.That((await FailsAsync(async () => await reader.WriteAsync(Put("c", "3")))).Code, Is.EqualTo(StorageErrorCode.ReadOnly));
        Assert.That((await FailsAsync(async () => await reader.CreateCheckpointAsync(Beside("copy")))).Code, Is.EqualTo(StorageErrorCode.ReadOnly));
    }

    [Test]
    public async Task A_directory_of_another_program_is_served_and_its_families_stay()
    {
        MakeForeign("theirs");
        await using (RocksDbStorage reader = Open(new() { ReadOnly = true }))
        {
            Assert.That(await DumpAsync(reader), Is.EqualTo(new[] { "k=v" }));
            Assert.That((await reader.GetInfoAsync()).Position, Is.EqualTo(default(Position)));
        }

        for (int i = 0; i < 2; i++)
        {
            await using RocksDbStorage store = Open();
            StorageInfo info = await store.GetInfoAsync();
            Assert.That(info.Epoch, Is.Not.EqualTo(Guid.Empty));
            Assert.That(info.Revision.Value, Is.EqualTo((ulong)i + 1), "what was there counts as revision 1");
            Assert.That(info.CompactedRevision.Value, Is.EqualTo(1));
            Assert.That(await store.GetStringAsync("k"), Is.EqualTo("v"));
            await store.PutStringAsync("own", "x");
        }

        Assert.That(ReadFamily("theirs", "their key"), Is.EqualTo("their value"));
    }

    [Test]
    public void Nothing_is_opened_where_nothing_is()
    {
        Assert.That(Fails(() => Open(new() { ReadOnly = true })).Code, Is.EqualTo(StorageErrorCode.NotFound));
        Assert.That(Fails(() => Open(new() { CreateIfMissing = false })).Code, Is.EqualTo(StorageErrorCode.NotFound));
        Assert.That(Directory.Exists(StorePath), Is.False);
    }

    [Test]
    public void A_directory_with_other_files_is_refused()
    {
        Directory.CreateDirectory(StorePath);
        File.WriteAllText(Path.Combine(StorePath, "letter.txt"), "Dear Sir");
        StorageException e = Fails(() => Open());
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(e.Message, Does.Contain("letter.txt"));
        Assert.That(Fails(() => RocksDbStorage.Open(Path.Combine(StorePath, "letter.txt"))).Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
    }

    [TestCase("CURRENT", "")]
    [TestCase("CURRENT", null)]
    [TestCase("MANIFEST-*", "not a manifest")]
    [TestCase("*.sst", null)]
    [TestCase("*.sst", "not a table")]
    public async Task A_damaged_directory_is_corrupt(string pattern, string? content)
    {
        await using (RocksDbStorage store = Open())
        {
            await store.WriteAsync(Put("a", "1"));
        }

        foreach (string file in Directory.GetFiles(StorePath, pattern))
        {
            if (content is null)
            {
                File.Delete(file);
            }
            else
            {
                File.WriteAllText(file, content);
            }
        }

        StorageException e = Fails(() => Open());
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.Corrupt), e.Message);
        Assert.That(e.Message, Does.Contain(StorePath));
    }

    [Test]
    public async Task A_store_of_a_newer_format_is_refused()
    {
        await (await MakeEmptyAsync()).DisposeAsync();
        WriteRow(log: false, B("format"), [2, 0, 0, 0]);
        StorageException e = Fails(() => Open());
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.UnsupportedVersion));
        Assert.That(e.Message, Does.Contain("format 2").And.Contain(StorePath));
    }

    [Test]
    public async Task A_log_with_a_record_of_a_newer_version_is_refused()
    {
        await (await MakeEmptyAsync()).DisposeAsync();
        WriteRow(log: true, [0, 0, 0, 0, 0, 0, 0, 1], [4, .. new byte[40]]);
        Assert.That(Fails(() => Open()).Code, Is.EqualTo(StorageErrorCode.UnsupportedVersion));
        WriteRow(log: true, [0, 0, 0, 0, 0, 0, 0, 1], [1, 2, 3]);
        Assert.That(Fails(() => Open()).Code, Is.EqualTo(StorageErrorCode.Corrupt));
    }

    [Test]
    public async Task A_store_whose_making_was_interrupted_is_made()
    {
        // RocksDB makes families one by one: a kill may leave only some, without an identity in them.
        using (Database database = DatabaseOpening.Open(StorePath, new()))
        {
            Assert.That(StoreFacts.ReadFormat(database), Is.Null);
        }

        await using RocksDbStorage store = Open();
        Assert.That((await store.GetInfoAsync()).Epoch, Is.Not.EqualTo(Guid.Empty));
    }

    [Test]
    public void Options_of_rocksdb_that_it_does_not_know_are_refused()
    {
        StorageException e = Fails(() => Open(new() { NativeOptions = "no_such_option=1" }));
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(e.Message, Does.Contain("no_such_option"));
    }

    [Test]
    public async Task Every_compression_either_opens_or_is_said_to_be_missing([Values] RocksDbCompression compression)
    {
        try
        {
            await using RocksDbStorage store = Open(new() { Compression = compression, BloomBitsPerKey = 0, BlockCacheBytes = 0 });
            await store.PutStringAsync("a", "1");
            Assert.That(await store.GetStringAsync("a"), Is.EqualTo("1"));
        }
        catch (StorageException e) when (e.Code == StorageErrorCode.Unsupported)
        {
            Assert.That(compression, Is.Not.EqualTo(RocksDbCompression.Auto).And.Not.EqualTo(RocksDbCompression.None));
            Assert.That(e.Message, Does.Contain(compression.ToString()));
        }
    }

    private async Task<RocksDbStorage> MakeEmptyAsync()
    {
        RocksDbStorage store = Open();
        await store.GetInfoAsync();
        return store;
    }

    private void MakeForeign(string family)
    {
        Directory.CreateDirectory(StorePath);
        using OptionsHandle options = OptionsHandle.Parse("create_if_missing=true;");
        nint error = 0;
        var handle = new DatabaseHandle(RocksDbApi.rocksdb_open(options, StorePath, ref error));
        NativeError.ThrowIfSet(error, "open");
        var theirs = new ColumnFamilyHandle(RocksDbApi.rocksdb_create_column_family(handle, options, family, ref error), handle);
        NativeError.ThrowIfSet(error, "create");
        using var database = new Database(handle, theirs, null, null, null, []);
        using var writeOptions = new WriteOptionsHandle(sync: true);
        var representation = new BatchRepresentation();
        representation.Put("k"u8, "v"u8);
        using var batch = new NativeBatch(representation.Finish());
        batch.Put(theirs, "their key"u8, "their value"u8);
        batch.Write(database, writeOptions);
    }

    private void WriteRow(bool log, byte[] key, byte[] value)
    {
        using Database database = DatabaseOpening.Open(StorePath, new());
        using var options = new WriteOptionsHandle(sync: true);
        using var batch = new NativeBatch();
        batch.Put(log ? database.Log! : database.Meta!, key, value);
        batch.Write(database, options);
    }

    private unsafe string? ReadFamily(string family, string key)
    {
        using OptionsHandle options = OptionsHandle.Parse("");
        nint[] names = [.. new[] { "default", family }.Select(System.Runtime.InteropServices.Marshal.StringToCoTaskMemUTF8)];
        nint[] familyOptions = [options.Pointer, options.Pointer];
        nint[] handles = new nint[2];
        nint error = 0;
        nint pointer;
        fixed (nint* n = names, o = familyOptions, h = handles)
        {
            pointer = RocksDbApi.rocksdb_open_for_read_only_column_families(options, StorePath, 2, n, o, h, 0, ref error);
        }

        NativeError.ThrowIfSet(error, "open");
        var handle = new DatabaseHandle(pointer);
        using var database = new Database(handle, new(handles[0], handle), new(handles[1], handle), null, null, []);
        using PinnedValue value = PinnedValue.Get(database, database.Log!, database.ReadOptions, B(key));
        return value.Exists ? System.Text.Encoding.UTF8.GetString(value.Span) : null;
    }
}
