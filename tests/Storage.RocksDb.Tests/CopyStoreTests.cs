using WsStorage.Core.Copies;
using WsStorage.RocksDb.Copies;
using WsStorage.RocksDb.TestProcess;

namespace WsStorage.RocksDb.Tests;

/// <summary>The directory of a store of copies, and what may be done with it.</summary>
public sealed class CopyStoreTests : StoreFixture
{
    private readonly CopiedSource _source = new();

    private string FirstCopy => Path.Combine(StorePath, "copy-1");

    [Test]
    public async Task A_copy_is_not_opened_for_writing_by_others_but_for_reading()
    {
        await using (RocksDbCopyStore store = Open())
        {
            await PromoteAsync(store, 10);
        }

        StorageException refused = Fails(() => RocksDbStorage.Open(FirstCopy));
        Assert.That(refused.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(refused.Message, Does.Contain("replica's copy").And.Contain("reading only").And.Contain("RestoreAsync"));
        await using (RocksDbStorage reader = RocksDbStorage.Open(FirstCopy, new() { ReadOnly = true }))
        {
            Assert.That((await reader.GetInfoAsync()).Position, Is.EqualTo(_source.PositionAt(10)));
            Assert.That(await DumpAsync(reader), Is.EqualTo(Dump(10)));
        }

        StorageException whole = Fails(() => RocksDbStorage.Open(StorePath));
        Assert.That(whole.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(whole.Message, Does.Contain("replica's copies").And.Contain("copy-1"));
    }

    [Test]
    public async Task A_store_that_is_made_of_a_copy_is_one_of_its_own()
    {
        await using (RocksDbCopyStore store = Open())
        {
            await PromoteAsync(store, 10);
            await store.Current!.ApplyAsync(_source.Batches(10, 12));
            await ((RocksDbCopy)store.Current).CreateCheckpointAsync(Beside("checkpoint"));
        }

        await RocksDbStorage.RestoreAsync(Beside("checkpoint"), Beside("restored"));
        await using RocksDbStorage restored = RocksDbStorage.Open(Beside("restored"));
        StorageInfo info = await restored.GetInfoAsync();
        Assert.That(info.Epoch, Is.Not.EqualTo(CopiedSource.Origin.Epoch));
        Assert.That(info.Position with { Epoch = CopiedSource.Origin.Epoch }, Is.EqualTo(_source.PositionAt(12)));
        Assert.That(info.IsReadOnly, Is.False);
        Assert.That((await restored.WriteAsync(Put("own", "1"))).Revision, Is.EqualTo(new Revision(13)));
    }

    [Test]
    public async Task No_store_is_made_of_a_copy_that_is_being_loaded()
    {
        await using (RocksDbCopyStore store = Open())
        {
            await store.BeginAsync([], _source.PositionAt(10));
        }

        StorageException refused = await FailsAsync(async () => await RocksDbStorage.RestoreAsync(FirstCopy, Beside("restored")));
        Assert.That(refused.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(Directory.Exists(Beside("restored")), Is.False);
    }

    [Test]
    public async Task A_directory_with_other_content_is_refused()
    {
        Directory.CreateDirectory(Beside("files"));
        await File.WriteAllTextAsync(Path.Combine(Beside("files"), "letter.txt"), "x");
        StorageException files = Fails(() => RocksDbCopyStore.Open(Beside("files")));
        Assert.That(files.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(files.Message, Does.Contain("letter.txt"));
        Assert.That(Directory.GetFileSystemEntries(Beside("files")), Has.Length.EqualTo(1), "nothing was put there");
        await RocksDbStorage.Open(Beside("plain")).DisposeAsync();
        StorageException plain = Fails(() => RocksDbCopyStore.Open(Beside("plain")));
        Assert.That(plain.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(plain.Message, Does.Contain("holds a store"));
        Assert.That(Fails(() => RocksDbCopyStore.Open(Path.Combine(Beside("files"), "letter.txt"))).Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(Fails(() => RocksDbCopyStore.Open(Beside("none"), new() { CreateIfMissing = false })).Code, Is.EqualTo(StorageErrorCode.NotFound));
    }

    [Test]
    public async Task One_process_at_a_time_has_the_copies()
    {
        await using (Open())
        {
            StorageException here = Fails(() => Open());
            Assert.That(here.Code, Is.EqualTo(StorageErrorCode.Locked));
            Assert.That(here.Message, Does.Contain("locked"));
            if (OperatingSystem.IsLinux())
            {
                Assert.That(here.Message, Does.Contain("this process"));
            }
        }

        using ChildProcess child = ChildProcess.Start("copies", StorePath, "Buffered");
        Assert.That(await child.ReadLineAsync(), Is.EqualTo("open"));
        StorageException there = Fails(() => Open());
        Assert.That(there.Code, Is.EqualTo(StorageErrorCode.Locked));
        Assert.That(there.Message, Does.Contain("another process"));
        await child.KillAsync();
        await Open().DisposeAsync();
    }

    [Test]
    public async Task The_copy_that_was_replaced_is_removed_by_whoever_disposes_of_it()
    {
        await using RocksDbCopyStore store = Open();
        Assert.That(await PromoteAsync(store, 10), Is.Null);
        ICopy former = store.Current!;
        IAsyncDisposable? replaced = await PromoteAsync(store, 20);
        Assert.That(await DumpAsync(former), Is.EqualTo(Dump(10)));
        Assert.That(await DumpAsync(store.Current!), Is.EqualTo(Dump(20)));
        await replaced!.DisposeAsync();
        await replaced.DisposeAsync();
        Assert.That(Entries(), Is.EquivalentTo(new[] { "LOCK", "current", "copy-2" }));
    }

    [Test]
    public async Task Closing_the_store_removes_what_was_replaced_too()
    {
        IAsyncDisposable? replaced;
        await using (RocksDbCopyStore store = Open())
        {
            await PromoteAsync(store, 10);
            replaced = await PromoteAsync(store, 20);
        }

        Assert.That(Entries(), Is.EquivalentTo(new[] { "LOCK", "current", "copy-2" }));
        await replaced!.DisposeAsync();
    }

    [Test]
    public async Task What_an_earlier_process_left_is_removed()
    {
        await using (RocksDbCopyStore store = Open())
        {
            await (await PromoteAsync(store, 10) ?? store).DisposeAsync();
        }

        await using (RocksDbCopyStore store = Open())
        {
            await (await PromoteAsync(store, 20))!.DisposeAsync();
        }

        // A copy that was replaced, two that were hardly begun, one that is no copy, and half of one.
        await RocksDbStorage.RestoreAsync(Path.Combine(StorePath, "copy-2"), Path.Combine(StorePath, "copy-1"));
        Directory.CreateDirectory(Path.Combine(StorePath, "copy-3"));
        await RocksDbStorage.Open(Path.Combine(StorePath, "copy-4")).DisposeAsync();
        Directory.CreateDirectory(Path.Combine(StorePath, "dropped-5", "x"));
        await File.WriteAllTextAsync(Path.Combine(StorePath, "current.new"), "cop");
        await using RocksDbCopyStore again = Open();
        Assert.That(again.Next, Is.Null);
        Assert.That(await DumpAsync(again.Current!), Is.EqualTo(Dump(20)));
        Assert.That(Entries(), Is.EquivalentTo(new[] { "LOCK", "current", "copy-2" }));
    }

    [Test]
    public async Task A_next_copy_that_is_damaged_is_removed_and_the_current_one_is_not()
    {
        await using (RocksDbCopyStore store = Open())
        {
            await PromoteAsync(store, 10);
            await store.BeginAsync([], _source.PositionAt(20));
        }

        File.Delete(Directory.GetFiles(Path.Combine(StorePath, "copy-2"), "MANIFEST-*").Single());
        await using (RocksDbCopyStore store = Open())
        {
            Assert.That(store.Next, Is.Null);
        }

        File.Delete(Directory.GetFiles(FirstCopy, "MANIFEST-*").Single());
        Assert.That(Fails(() => Open()).Code, Is.EqualTo(StorageErrorCode.Corrupt));
        Assert.That(Directory.Exists(FirstCopy), Is.True);
    }

    [Test]
    public async Task A_file_that_names_no_copy_is_damage()
    {
        await using (RocksDbCopyStore store = Open())
        {
            await PromoteAsync(store, 10);
        }

        await File.WriteAllTextAsync(Path.Combine(StorePath, "current"), "copy-9\n");
        Assert.That(Fails(() => Open()).Message, Does.Contain("copy-9"));
        await File.WriteAllTextAsync(Path.Combine(StorePath, "current"), "");
        Assert.That(Fails(() => Open()).Code, Is.EqualTo(StorageErrorCode.Corrupt));
        await File.WriteAllTextAsync(Path.Combine(StorePath, "current"), "copy-1\n");
        await using RocksDbCopyStore again = Open();
        Assert.That(again.Current!.State.Position, Is.EqualTo(_source.PositionAt(10)));
    }

    [Test]
    public void Options_that_make_no_sense_for_copies_are_refused()
    {
        Assert.That(Fails(() => RocksDbCopyStore.Open(StorePath, new() { ReadOnly = true })).Message, Does.Contain("ReadOnly"));
        Assert.That(Fails(() => RocksDbCopyStore.Open(StorePath, new() { LogPreviousValues = true })).Message, Does.Contain("LogPreviousValues"));
        Assert.That(Fails(() => RocksDbCopyStore.Open(StorePath, new() { BlockBytes = 1 })).Message, Does.Contain("BlockBytes"));
        Assert.That(Directory.Exists(StorePath), Is.False);
    }

    [Test]
    public async Task Copies_are_buffered_unless_told_otherwise()
    {
        await using (RocksDbCopyStore store = RocksDbCopyStore.Open(StorePath))
        {
            await PromoteAsync(store, 10);
            Assert.That((await store.Current!.GetInfoAsync()).Durability, Is.EqualTo(Durability.Buffered));
        }

        await using RocksDbCopyStore synced = RocksDbCopyStore.Open(StorePath, new());
        Assert.That((await synced.Current!.GetInfoAsync()).Durability, Is.EqualTo(Durability.Synced));
    }

    private RocksDbCopyStore Open() => RocksDbCopyStore.Open(StorePath);

    private string[] Entries() => [.. Directory.GetFileSystemEntries(StorePath).Select(path => Path.GetFileName(path))];

    private string[] Dump(ulong revision) => [.. _source.RowsAt(revision).Select(row => $"{row.Key}={row.Value}")];

    private async Task<IAsyncDisposable?> PromoteAsync(RocksDbCopyStore store, ulong revision)
    {
        ICopy next = await store.BeginAsync([], _source.PositionAt(revision));
        await next.LoadAsync(
            CopiedSource.Pack(_source.RowsAt(revision)),
            new CopyLoad { Start = _source.PositionAt(revision), WholeAt = new Revision(revision), IsComplete = true });
        return await store.PromoteAsync();
    }
}
