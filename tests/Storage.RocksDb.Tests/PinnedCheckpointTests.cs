using WsStorage.Testing;

namespace WsStorage.RocksDb.Tests;

/// <summary>Checkpoints whose files are handed out.</summary>
public sealed class PinnedCheckpointTests : StoreFixture
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly ManualTimeProvider _time = new();

    private RocksDbOptions Options => new() { TimeProvider = _time, CheckpointRetention = 15 * Minute };

    private string PinnedPath => Path.Combine(StorePath, "wsstorage.checkpoints");

    [Test]
    public async Task Its_files_are_a_store_that_holds_what_was_committed_before_it_while_writes_go_on()
    {
        await using RocksDbStorage store = OpenBuffered(Options with { WriteBufferBytes = 64 * 1024 });
        using var stop = new CancellationTokenSource();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task writing = Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                await store.WriteAsync(Put($"key {i % 100:d2}", new string('v', 1000) + i));
                begun.TrySetResult();
            }
        });
        await begun.Task;
        for (int i = 0; i < 3; i++)
        {
            Position before = (await store.GetInfoAsync()).Position;
            CheckpointInfo checkpoint = await store.CreateCheckpointAsync();
            Assert.That(checkpoint.Format, Is.EqualTo("rocksdb"));
            Assert.That(checkpoint.Position.Epoch, Is.EqualTo(before.Epoch));
            Assert.That(checkpoint.Position.Revision, Is.GreaterThanOrEqualTo(before.Revision));
            string received = Beside($"received {i}");
            await CheckpointFiles.ReceiveAsync(store, checkpoint, received, pieceBytes: 10_000);
            await store.ReleaseCheckpointAsync(checkpoint.Id);

            await using RocksDbStorage copy = RocksDbStorage.Open(received, new() { ReadOnly = true });
            Position position = (await copy.GetInfoAsync()).Position;
            Assert.That(position.Epoch, Is.EqualTo(before.Epoch));
            Assert.That(position.Revision, Is.GreaterThanOrEqualTo(checkpoint.Position.Revision));
            Assert.That(StoredLog.Replay(StoredLog.ReadAndCheck(received)), Is.EqualTo(await DumpAsync(copy)));
        }

        await stop.CancelAsync();
        await writing;
    }

    [Test]
    public async Task Its_pieces_are_those_of_the_files_as_they_were_whatever_the_store_does_since()
    {
        await using RocksDbStorage store = OpenBuffered(Options);
        await store.PutStringAsync("a", new string('1', 100_000));
        CheckpointInfo checkpoint = await store.CreateCheckpointAsync();
        string directory = Path.Combine(PinnedPath, checkpoint.Id.ToString("D"));
        Assert.That(checkpoint.Files.Select(f => f.Name), Is.EquivalentTo(Directory.GetFiles(directory).Select(Path.GetFileName)));
        Assert.That(checkpoint.Files.Select(f => f.Name), Has.Member("CURRENT").And.None.Matches("^(LOCK|LOG.*)$"));
        Dictionary<string, byte[]> expected = checkpoint.Files.ToDictionary(f => f.Name, f => File.ReadAllBytes(Path.Combine(directory, f.Name)), StringComparer.Ordinal);
        Assert.That(checkpoint.ByteCount, Is.EqualTo(expected.Values.Sum(bytes => (long)bytes.Length)));

        // What the checkpoint holds goes out of the store.
        await store.WriteAsync(new WriteBatch().RemoveRange(KeyRange.All));
        await store.CreateCheckpointAsync();
        foreach (CheckpointFile file in checkpoint.Files)
        {
            var read = new MemoryStream();
            while (read.Length < file.Length)
            {
                CheckpointPiece piece = await store.ReadCheckpointAsync(checkpoint.Id, file.Name, read.Length, 777);
                Assert.That(piece.Bytes.Length, Is.EqualTo(Math.Min(777, file.Length - read.Length)));
                Assert.That(piece.Hash, Is.EqualTo(XxHash64.Hash(piece.Bytes.Span, 0)));
                read.Write(piece.Bytes.Span);
            }

            Assert.That(read.ToArray(), Is.EqualTo(expected[file.Name]), file.Name);
            Assert.That((await store.ReadCheckpointAsync(checkpoint.Id, file.Name, file.Length, 1)).Bytes.Length, Is.Zero);
        }
    }

    [Test]
    public async Task Many_read_it_at_once()
    {
        await using RocksDbStorage store = OpenBuffered(Options with { WriteBufferBytes = 64 * 1024, NativeOptions = "disable_auto_compactions=true;" });
        for (int i = 0; i < 100; i++)
        {
            await store.PutStringAsync($"{i}", new string('v', 40_000));
        }

        CheckpointInfo checkpoint = await store.CreateCheckpointAsync();
        Assert.That(checkpoint.Files, Has.Count.GreaterThan(12));
        await Parallel.ForAsync(0, 8, async (i, _) => await CheckpointFiles.ReceiveAsync(store, checkpoint, Beside($"{i}"), 5_000));
        await store.ReleaseCheckpointAsync(checkpoint.Id);
        for (int i = 0; i < 8; i++)
        {
            await using RocksDbStorage copy = RocksDbStorage.Open(Beside($"{i}"), new() { ReadOnly = true });
            Assert.That(await DumpAsync(copy), Is.EqualTo(await DumpAsync(store)));
        }
    }

    [Test]
    public async Task One_that_is_not_read_for_its_time_is_released_and_one_that_is_read_is_not()
    {
        await using RocksDbStorage store = OpenBuffered(Options);
        CheckpointInfo idle = await store.CreateCheckpointAsync();
        _time.Advance(5 * Minute);
        CheckpointInfo used = await store.CreateCheckpointAsync();
        for (int i = 0; i < 9; i++)
        {
            await ReadSomethingAsync(store, used);
            if (i == 1)
            {
                await ReadSomethingAsync(store, idle);
            }

            _time.Advance(5 * Minute);
            bool isThere = i < 3;
            Assert.That(Pinned(), Is.EquivalentTo(isThere ? new[] { idle.Id, used.Id } : [used.Id]), $"after {5 * (i + 1)} minutes more");
        }

        Assert.That((await FailsAsync(() => ReadSomethingAsync(store, idle))).Code, Is.EqualTo(StorageErrorCode.NotFound));
        _time.Advance(15 * Minute);
        Assert.That(Pinned(), Is.Empty);
        Assert.That(Directory.GetFileSystemEntries(PinnedPath), Is.Empty);
    }

    [Test]
    public async Task It_survives_a_restart_of_the_store_and_its_time_begins_anew()
    {
        CheckpointInfo checkpoint;
        await using (RocksDbStorage store = OpenBuffered(Options))
        {
            await store.PutStringAsync("a", "1");
            checkpoint = await store.CreateCheckpointAsync();
            _time.Advance(10 * Minute);
        }

        Assert.That(_time.ActiveTimers, Is.Zero);
        _time.Advance(60 * Minute);
        await using (RocksDbStorage store = OpenBuffered(Options))
        {
            _time.Advance(14 * Minute);
            await CheckpointFiles.ReceiveAsync(store, checkpoint, Beside("received"), 1000);
            _time.Advance(14 * Minute);
            await ReadSomethingAsync(store, checkpoint);
        }

        await using (RocksDbStorage copy = RocksDbStorage.Open(Beside("received"), new() { ReadOnly = true }))
        {
            Assert.That((await copy.GetInfoAsync()).Position, Is.EqualTo(checkpoint.Position));
        }

        await using (RocksDbStorage store = OpenBuffered(Options))
        {
            _time.Advance(15 * Minute);
            Assert.That(Pinned(), Is.Empty);
        }
    }

    [Test]
    public async Task What_an_interrupted_making_or_removal_has_left_is_removed_at_the_opening()
    {
        await using (RocksDbStorage store = OpenBuffered(Options))
        {
            await store.CreateCheckpointAsync();
        }

        string whole = Directory.GetDirectories(PinnedPath).Single();
        foreach (string suffix in new[] { ".tmp", ".released" })
        {
            string remains = Path.Combine(PinnedPath, Guid.NewGuid().ToString("D") + suffix);
            Directory.CreateDirectory(remains);
            await File.WriteAllTextAsync(Path.Combine(remains, "CURRENT"), "x");
        }

        await using (RocksDbStorage reader = Open(new() { ReadOnly = true }))
        {
            Assert.That(Directory.GetDirectories(PinnedPath), Has.Length.EqualTo(3), "a reader changes nothing");
        }

        await using (RocksDbStorage store = OpenBuffered(Options))
        {
            Assert.That(Directory.GetDirectories(PinnedPath), Is.EqualTo(new[] { whole }));
        }
    }

    [Test]
    public async Task There_are_so_many_and_no_more()
    {
        await using (RocksDbStorage store = OpenBuffered(Options with { MaxCheckpoints = 2 }))
        {
            CheckpointInfo first = await store.CreateCheckpointAsync();
            await store.CreateCheckpointAsync();
            StorageException e = await FailsAsync(async () => await store.CreateCheckpointAsync());
            Assert.That(e.Code, Is.EqualTo(StorageErrorCode.LimitExceeded));
            Assert.That(e.Message, Does.Contain(nameof(RocksDbOptions.MaxCheckpoints)));
            await store.ReleaseCheckpointAsync(first.Id);
            await store.CreateCheckpointAsync();
        }

        await using (RocksDbStorage store = OpenBuffered(Options with { MaxCheckpoints = 2 }))
        {
            Assert.That((await FailsAsync(async () => await store.CreateCheckpointAsync())).Code, Is.EqualTo(StorageErrorCode.LimitExceeded), "those from before count");
        }

        await using (RocksDbStorage store = OpenBuffered(Options with { MaxCheckpoints = 0 }))
        {
            Assert.That((await FailsAsync(async () => await store.CreateCheckpointAsync())).Code, Is.EqualTo(StorageErrorCode.Unsupported));
        }
    }

    [Test]
    public async Task What_is_not_there_is_not_found_and_no_name_leads_out_of_it()
    {
        await using RocksDbStorage store = OpenBuffered(Options);
        CheckpointInfo checkpoint = await store.CreateCheckpointAsync();
        string other = Directory.GetFiles(StorePath, "MANIFEST-*").Select(Path.GetFileName).First()!;
        foreach (string name in new[] { "nothing", "", "..", "../../" + other, $"../{checkpoint.Id}/CURRENT", Path.Combine(StorePath, other), "LOCK", "current" })
        {
            Assert.That((await FailsAsync(async () => await store.ReadCheckpointAsync(checkpoint.Id, name, 0, 1))).Code, Is.EqualTo(StorageErrorCode.NotFound), name);
        }

        Assert.That((await FailsAsync(async () => await store.ReadCheckpointAsync(Guid.NewGuid(), "CURRENT", 0, 1))).Code, Is.EqualTo(StorageErrorCode.NotFound));
        long length = checkpoint.Files.First(f => string.Equals(f.Name, "CURRENT", StringComparison.Ordinal)).Length;
        foreach ((long offset, int count) in new[] { (-1L, 1), (length + 1, 1), (0, 0), (0, -1), (0, CheckpointInfo.MaxPieceBytes + 1) })
        {
            Assert.That((await FailsAsync(async () => await store.ReadCheckpointAsync(checkpoint.Id, "CURRENT", offset, count))).Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        }
    }

    [Test]
    public async Task A_released_one_is_gone_and_to_release_it_again_is_no_error()
    {
        await using RocksDbStorage store = OpenBuffered(Options);
        CheckpointInfo checkpoint = await store.CreateCheckpointAsync();
        await ReadSomethingAsync(store, checkpoint);
        await store.ReleaseCheckpointAsync(checkpoint.Id);
        Assert.That(Directory.GetFileSystemEntries(PinnedPath), Is.Empty);
        await store.ReleaseCheckpointAsync(checkpoint.Id);
        Assert.That((await FailsAsync(() => ReadSomethingAsync(store, checkpoint))).Code, Is.EqualTo(StorageErrorCode.NotFound));
    }

    [Test]
    public async Task A_file_that_was_cut_short_is_told_of()
    {
        await using RocksDbStorage store = OpenBuffered(Options);
        CheckpointInfo checkpoint = await store.CreateCheckpointAsync();
        CheckpointFile file = checkpoint.Files.First(f => f.Name.StartsWith("OPTIONS-", StringComparison.Ordinal));
        await File.WriteAllTextAsync(Path.Combine(PinnedPath, checkpoint.Id.ToString("D"), file.Name), "");
        Assert.That((await FailsAsync(async () => await store.ReadCheckpointAsync(checkpoint.Id, file.Name, 0, 100))).Code, Is.EqualTo(StorageErrorCode.IOError));
    }

    [Test]
    public async Task A_store_that_is_open_for_reading_or_closed_has_none()
    {
        CheckpointInfo checkpoint;
        RocksDbStorage closed;
        await using (RocksDbStorage store = OpenBuffered(Options))
        {
            checkpoint = await store.CreateCheckpointAsync();
            closed = store;
        }

        Assert.That((await FailsAsync(async () => await closed.CreateCheckpointAsync())).Code, Is.EqualTo(StorageErrorCode.Closed));
        Assert.That((await FailsAsync(() => ReadSomethingAsync(closed, checkpoint))).Code, Is.EqualTo(StorageErrorCode.Closed));
        await using RocksDbStorage reader = Open(new() { ReadOnly = true });
        Assert.That((await FailsAsync(async () => await reader.CreateCheckpointAsync())).Code, Is.EqualTo(StorageErrorCode.ReadOnly));
        Assert.That((await FailsAsync(() => ReadSomethingAsync(reader, checkpoint))).Code, Is.EqualTo(StorageErrorCode.ReadOnly));
    }

    [Test]
    public async Task Neither_the_store_nor_its_backups_mind_where_it_lies()
    {
        CheckpointInfo checkpoint;
        await using (RocksDbStorage store = OpenBuffered(Options with { WriteBufferBytes = 64 * 1024 }))
        {
            checkpoint = await store.CreateCheckpointAsync();
            for (int i = 0; i < 300; i++)
            {
                await store.PutStringAsync($"{i % 10}", new string('v', 10_000));
            }

            await store.CreateCheckpointAsync(Beside("backup"));
            Assert.That(Directory.GetDirectories(Beside("backup")), Is.Empty);
        }

        // A directory that was copied as it lies, checkpoints and all, can be restored as well.
        await RocksDbStorage.RestoreAsync(StorePath, Beside("restored"));
        Assert.That(Directory.GetDirectories(Beside("restored")), Is.Empty);
        await using RocksDbStorage again = OpenBuffered(Options);
        Assert.That((await again.GetInfoAsync()).Revision.Value, Is.EqualTo(300));
        Assert.That(Pinned(), Is.EqualTo(new[] { checkpoint.Id }));
        await ReadSomethingAsync(again, checkpoint);
    }

    private static async Task ReadSomethingAsync(RocksDbStorage store, CheckpointInfo checkpoint) =>
        Assert.That((await store.ReadCheckpointAsync(checkpoint.Id, "CURRENT", 0, 5)).Bytes.ToArray(), Is.EqualTo(B("MANIF")));

    private Guid[] Pinned() => [.. Directory.GetDirectories(PinnedPath).Select(path => Guid.ParseExact(Path.GetFileName(path), "D"))];
}
