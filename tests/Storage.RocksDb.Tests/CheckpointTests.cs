namespace WsStorage.RocksDb.Tests;

/// <summary>Checkpoints and restored stores.</summary>
public sealed class CheckpointTests : StoreFixture
{
    [Test]
    public async Task A_restored_store_has_the_data_the_revision_the_hash_and_an_epoch_of_its_own()
    {
        Position position;
        await using (RocksDbStorage store = Open())
        {
            await store.WriteAsync(Put("a", "1").Put("b", "2"));
            position = (await store.GetInfoAsync()).Position;
            await store.CreateCheckpointAsync(Beside("checkpoint"));
            await store.WriteAsync(Put("later", "x"));
        }

        await RocksDbStorage.RestoreAsync(Beside("checkpoint"), Beside("restored"));
        await using RocksDbStorage restored = RocksDbStorage.Open(Beside("restored"));
        StorageInfo info = await restored.GetInfoAsync();
        Assert.That(info.Epoch, Is.Not.EqualTo(position.Epoch));
        Assert.That(info.Position with { Epoch = position.Epoch }, Is.EqualTo(position));
        Assert.That(await DumpAsync(restored), Is.EqualTo(new[] { "a=1", "b=2" }));

        // The checkpoint is not changed by it: it still has the epoch that it was made with, and can be restored again.
        await using RocksDbStorage checkpoint = RocksDbStorage.Open(Beside("checkpoint"), new() { ReadOnly = true });
        Assert.That((await checkpoint.GetInfoAsync()).Position, Is.EqualTo(position));
    }

    [Test]
    public async Task A_checkpoint_made_amid_writes_is_one_revision()
    {
        await using RocksDbStorage store = OpenBuffered();
        using var stop = new CancellationTokenSource();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task writing = Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                await store.WriteAsync(Put($"key {i % 100:d2}", $"{i}").Put("last", $"{i}"));
                begun.TrySetResult();
            }
        });
        await begun.Task;
        for (int i = 0; i < 3; i++)
        {
            string checkpoint = Beside($"checkpoint {i}");
            ulong before = (await store.GetInfoAsync()).Revision.Value;
            await store.CreateCheckpointAsync(checkpoint);
            string restored = Beside($"restored {i}");
            await RocksDbStorage.RestoreAsync(checkpoint, restored);
            string[] data;
            await using (RocksDbStorage copy = RocksDbStorage.Open(restored))
            {
                data = await DumpAsync(copy);
                Assert.That((await copy.GetInfoAsync()).Revision.Value, Is.GreaterThanOrEqualTo(before));
            }

            Assert.That(StoredLog.Replay(StoredLog.ReadAndCheck(restored)), Is.EqualTo(data));
        }

        await stop.CancelAsync();
        await writing;
    }

    [Test]
    public async Task Nothing_is_overwritten()
    {
        await using RocksDbStorage store = Open();
        await store.PutStringAsync("a", "1");
        Assert.That((await FailsAsync(async () => await store.CreateCheckpointAsync(StorePath))).Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That((await FailsAsync(async () => await store.CreateCheckpointAsync(Beside("no/where")))).Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        await store.CreateCheckpointAsync(Beside("checkpoint"));
        Assert.That((await FailsAsync(async () => await RocksDbStorage.RestoreAsync(Beside("checkpoint"), StorePath))).Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That((await FailsAsync(async () => await RocksDbStorage.RestoreAsync(Beside("nothing"), Beside("x")))).Code, Is.EqualTo(StorageErrorCode.NotFound));
        Directory.CreateDirectory(Beside("empty"));
        await RocksDbStorage.RestoreAsync(Beside("checkpoint"), Beside("empty"));
        await using RocksDbStorage restored = RocksDbStorage.Open(Beside("empty"));
        Assert.That(await DumpAsync(restored), Is.EqualTo(new[] { "a=1" }));
    }

    [Test]
    public async Task A_restore_that_fails_leaves_nothing_behind()
    {
        await using (RocksDbStorage store = Open())
        {
            await store.PutStringAsync("a", "1");
            await store.CreateCheckpointAsync(Beside("checkpoint"));
        }

        foreach (string table in Directory.GetFiles(Beside("checkpoint"), "*.sst"))
        {
            File.Delete(table);
        }

        string[] before = Directory.GetFileSystemEntries(Beside("."));
        Assert.That((await FailsAsync(async () => await RocksDbStorage.RestoreAsync(Beside("checkpoint"), Beside("restored")))).Code, Is.EqualTo(StorageErrorCode.Corrupt));
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        Assert.That(async () => await RocksDbStorage.RestoreAsync(Beside("checkpoint"), Beside("restored"), cancelled.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Directory.GetFileSystemEntries(Beside(".")), Is.EquivalentTo(before));
    }
}
