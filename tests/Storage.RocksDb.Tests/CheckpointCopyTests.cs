using WsStorage.Core.Copies;
using WsStorage.RocksDb.Copies;
using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Opening;
using WsStorage.RocksDb.Receipts;
using WsStorage.Testing;

namespace WsStorage.RocksDb.Tests;

/// <summary>Copies that are made of the files of a checkpoint.</summary>
public sealed class CheckpointCopyTests : StoreFixture
{
    private static readonly Guid Session = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

    private string CopiesPath => Beside("copies");

    private string ReceiptPath => Path.Combine(CopiesPath, "receipt");

    [Test]
    public async Task Interrupted_anywhere_it_equals_the_source_and_follows_it([Range(0, 5)] int seed)
    {
        var random = new Random(seed);
        RocksDbStorage source = OpenSource(seed);
        await FillAsync(source, 40, random);
        await source.KeepHistoryAsync("f", Revision.None, TimeSpan.FromHours(1));
        CheckpointInfo checkpoint = await source.CreateCheckpointAsync();
        string[] rows = await DumpAsync(source);
        await FillAsync(source, 20, random);

        RocksDbCopyStore copies = OpenCopies();
        CheckpointReceipt receipt = await copies.BeginReceiptAsync(checkpoint);
        int interruptions = 0;
        while (Missing(receipt) is { Length: > 0 } missing)
        {
            int file = missing[random.Next(missing.Length)];
            await WriteNextAsync(source, receipt, file, random.Next(1, 20_000));
            if (random.Next(5) == 0 && interruptions++ < 15)
            {
                copies = await ReopenAsync(copies);
                receipt = copies.Receipt!;
                if (random.Next(3) == 0)
                {
                    await source.DisposeAsync();
                    source = OpenSource(seed);
                }
            }
        }

        Assert.That(interruptions, Is.Positive);
        ICopy copy = await copies.CompleteReceiptAsync();
        Assert.That((copies.Receipt, copies.Current, Directory.Exists(ReceiptPath)), Is.EqualTo(((object?)null, (object?)null, false)));
        for (int round = 0; round < 2; round++)
        {
            Assert.That(copies.Next, Is.SameAs(copy));
            CopyState state = copy.State;
            Assert.That((state.Position, state.IsOfAllKeys, state.IsWhole, state.Load), Is.EqualTo((checkpoint.Position, true, true, (object?)null)));
            Assert.That(await DumpAsync(copy), Is.EqualTo(rows));
            Assert.That((await copy.GetInfoAsync()).FollowerCount, Is.Zero);
            Assert.That(((RocksDbCopy)copy).Storage.GetLastNumber(Session), Is.Zero);
            await using (WatchProbe ofCopy = await WatchProbe.StartAsync(copy.WatchAsync(new WatchOptions { After = new Position(checkpoint.Position.Epoch, Revision.None, 0) })))
            await using (WatchProbe ofSource = await WatchProbe.StartAsync(source.WatchAsync(new WatchOptions { After = new Position(checkpoint.Position.Epoch, Revision.None, 0) })))
            {
                await ofCopy.ReadThroughAsync(checkpoint.Position.Revision);
                await ofSource.ReadThroughAsync(checkpoint.Position.Revision);
                Assert.That(ofCopy.Changes.Select(c => c.Position), Is.EqualTo(ofSource.Changes.Select(c => c.Position)));
            }

            copies = await ReopenAsync(copies);
            copy = copies.Next!;
        }

        await FollowAsync(source, copy);
        Assert.That(copy.State.Position, Is.EqualTo((await source.GetInfoAsync()).Position));
        Assert.That(await DumpAsync(copy), Is.EqualTo(await DumpAsync(source)));
        await copies.PromoteAsync();
        Assert.That(copies.Current, Is.SameAs(copy));
        await copies.DisposeAsync();
        Assert.That(StoredSessions.Read(Path.Combine(CopiesPath, "copy-1")), Is.Empty);
        await source.DisposeAsync();
    }

    [Test]
    public async Task Of_a_source_without_history_the_history_begins_where_it_is()
    {
        await using RocksDbStorage source = OpenBuffered(new() { CommitLogBytes = 0 });
        await FillAsync(source, 5, new Random(1));
        await using RocksDbCopyStore copies = OpenCopies();
        CheckpointInfo checkpoint = await ReceiveAsync(source, copies);
        ICopy copy = await copies.CompleteReceiptAsync();
        StorageInfo info = await copy.GetInfoAsync();
        Assert.That((info.Position, info.CompactedRevision), Is.EqualTo((checkpoint.Position, checkpoint.Position.Revision)));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Killed_while_the_files_are_opened_it_opens_them_again(bool wereOpened)
    {
        await using RocksDbStorage source = OpenSource(0);
        await FillAsync(source, 10, new Random(1));
        RocksDbCopyStore copies = OpenCopies();
        CheckpointInfo checkpoint = await ReceiveAsync(source, copies);
        var receipt = (FileReceipt)copies.Receipt!;
        await receipt.CompleteAsync();
        if (wereOpened)
        {
            // Opening changes files: those that were received are not all there any more.
            using Database database = DatabaseOpening.Open(receipt.FilesDirectory, new RocksDbOptions());
            CopyFacts.Adopt(database);
        }

        copies = await ReopenAsync(copies);
        Assert.That(Missing(copies.Receipt!), Is.Empty);
        ICopy copy = await copies.CompleteReceiptAsync();
        Assert.That(copy.State.Position, Is.EqualTo(checkpoint.Position));
        Assert.That(await DumpAsync(copy), Is.EqualTo(await DumpAsync(source)));
        await copies.DisposeAsync();
    }

    [Test]
    public async Task Killed_after_the_files_became_a_copy_nothing_is_left_to_receive()
    {
        await using RocksDbStorage source = OpenSource(0);
        await FillAsync(source, 3, new Random(1));
        RocksDbCopyStore copies = OpenCopies();
        await ReceiveAsync(source, copies);
        await ((FileReceipt)copies.Receipt!).CompleteAsync();
        string journal = await ReadAllTextSharedAsync(Path.Combine(ReceiptPath, "journal"));
        await copies.CompleteReceiptAsync();
        await copies.DisposeAsync();
        Directory.CreateDirectory(ReceiptPath);
        await File.WriteAllTextAsync(Path.Combine(ReceiptPath, "journal"), journal);
        await using RocksDbCopyStore again = OpenCopies();
        Assert.That(again.Receipt, Is.Null);
        Assert.That(await DumpAsync(again.Next!), Is.EqualTo(await DumpAsync(source)));
        Assert.That(Directory.Exists(ReceiptPath), Is.False);
    }

    [Test]
    public async Task While_something_is_missing_it_is_not_opened()
    {
        await using RocksDbStorage source = OpenSource(0);
        await FillAsync(source, 3, new Random(1));
        await using RocksDbCopyStore copies = OpenCopies();
        Assert.That((await FailsAsync(async () => await copies.CompleteReceiptAsync())).Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        CheckpointReceipt receipt = await copies.BeginReceiptAsync(await source.CreateCheckpointAsync());
        Assert.That((await FailsAsync(async () => await copies.CompleteReceiptAsync())).Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(copies.Receipt, Is.SameAs(receipt));
        await WriteAllAsync(source, receipt);
        Assert.That(await DumpAsync(await copies.CompleteReceiptAsync()), Is.EqualTo(await DumpAsync(source)));
    }

    [TestCase("CURRENT", "garbage\n")]
    [TestCase("CURRENT", "")]
    [TestCase("MANIFEST-", "garbage")]
    [TestCase(".sst", "garbage")]
    public async Task Files_that_are_no_store_are_dropped(string name, string content)
    {
        await using RocksDbStorage source = OpenSource(0);
        await FillAsync(source, 3, new Random(1));
        CheckpointInfo checkpoint = await source.CreateCheckpointAsync();
        CheckpointFile bad = checkpoint.Files.First(f => f.Name.Contains(name, StringComparison.Ordinal));
        CheckpointInfo damaged = checkpoint with { Files = [.. checkpoint.Files.Select(f => f == bad ? bad with { Length = content.Length } : f)] };
        await using RocksDbCopyStore copies = OpenCopies();
        CheckpointReceipt receipt = await copies.BeginReceiptAsync(damaged);
        if (content.Length > 0)
        {
            await receipt.WriteAsync(damaged.Files.ToList().FindIndex(f => string.Equals(f.Name, bad.Name, StringComparison.Ordinal)), new CheckpointPiece(B(content), XxHash64.Hash(B(content), 0)));
        }

        await WriteAllAsync(source, receipt);
        await IsCorruptAsync(copies);
        await ReceiveAsync(source, copies);
        Assert.That(await DumpAsync(await copies.CompleteReceiptAsync()), Is.EqualTo(await DumpAsync(source)), "it can begin again");
    }

    [TestCase(".sst")]
    [TestCase("CURRENT")]
    public async Task Files_of_which_one_is_missing_are_dropped(string name)
    {
        await using RocksDbStorage source = OpenSource(0);
        await FillAsync(source, 3, new Random(1));
        CheckpointInfo checkpoint = await source.CreateCheckpointAsync();
        CheckpointFile missing = checkpoint.Files.First(f => f.Name.Contains(name, StringComparison.Ordinal));
        await using RocksDbCopyStore copies = OpenCopies();
        await WriteAllAsync(source, await copies.BeginReceiptAsync(checkpoint with { Files = [.. checkpoint.Files.Where(f => f != missing)] }));
        await IsCorruptAsync(copies);
    }

    [Test]
    public async Task Files_that_are_not_what_was_announced_are_dropped()
    {
        await using RocksDbStorage source = OpenSource(0);
        await FillAsync(source, 3, new Random(1));
        CheckpointInfo checkpoint = await source.CreateCheckpointAsync();
        await using RocksDbCopyStore copies = OpenCopies();
        foreach (Position wrong in new[] { checkpoint.Position with { Epoch = Guid.NewGuid() }, checkpoint.Position with { Revision = checkpoint.Position.Revision.Next } })
        {
            await WriteAllAsync(source, await copies.BeginReceiptAsync(checkpoint with { Position = wrong }));
            await IsCorruptAsync(copies);
        }
    }

    [Test]
    public async Task A_piece_that_changed_on_the_way_is_refused()
    {
        await using RocksDbStorage source = OpenSource(0);
        await FillAsync(source, 3, new Random(1));
        await using RocksDbCopyStore copies = OpenCopies();
        CheckpointReceipt receipt = await copies.BeginReceiptAsync(await source.CreateCheckpointAsync());
        CheckpointPiece piece = await source.ReadCheckpointAsync(receipt.Checkpoint.Id, receipt.Checkpoint.Files[0].Name, 0, 1000);
        byte[] flipped = piece.Bytes.ToArray();
        flipped[^1] ^= 0x10;
        Assert.That((await FailsAsync(async () => await receipt.WriteAsync(0, piece with { Bytes = flipped }))).Code, Is.EqualTo(StorageErrorCode.Corrupt));
        Assert.That(receipt.GetLength(0), Is.Zero);
        await WriteAllAsync(source, receipt);
        Assert.That(await DumpAsync(await copies.CompleteReceiptAsync()), Is.EqualTo(await DumpAsync(source)));
    }

    [Test]
    public async Task What_has_no_room_is_refused_before_anything_is_received()
    {
        await using RocksDbCopyStore copies = OpenCopies();
        var checkpoint = new CheckpointInfo
        {
            Id = Guid.NewGuid(),
            Format = copies.CheckpointFormat,
            Position = default,
            Files = [new CheckpointFile("CURRENT", 1L << 58)],
        };
        StorageException e = await FailsAsync(async () => await copies.BeginReceiptAsync(checkpoint));
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.DiskFull));
        Assert.That(e.Message, Does.Contain($"{1L << 58} bytes").And.Match("and [0-9]+ are free"));
        Assert.That((copies.Receipt, Directory.Exists(ReceiptPath)), Is.EqualTo(((object?)null, false)));
        Assert.That((await FailsAsync(async () => await copies.BeginReceiptAsync(checkpoint with { Format = "other" }))).Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
    }

    [Test]
    public async Task It_takes_the_place_of_what_is_being_built_and_the_other_way_round()
    {
        await using RocksDbStorage source = OpenSource(0);
        await FillAsync(source, 3, new Random(1));
        RocksDbCopyStore copies = OpenCopies();
        await ReceiveAsync(source, copies);
        await copies.CompleteReceiptAsync();
        await copies.PromoteAsync();
        string[] rows = await DumpAsync(source);

        await copies.BeginAsync([], (await source.GetInfoAsync()).Position);
        await copies.BeginReceiptAsync(await source.CreateCheckpointAsync());
        Assert.That((copies.Next, copies.Receipt is null), Is.EqualTo(((object?)null, false)));
        await copies.BeginAsync([], (await source.GetInfoAsync()).Position);
        Assert.That((copies.Next is null, copies.Receipt), Is.EqualTo((false, (object?)null)));
        await copies.BeginReceiptAsync(await source.CreateCheckpointAsync());
        await copies.DropNextAsync();
        Assert.That((copies.Next, copies.Receipt), Is.EqualTo(((object?)null, (object?)null)));
        copies = await ReopenAsync(copies);
        Assert.That((copies.Next, copies.Receipt), Is.EqualTo(((object?)null, (object?)null)));
        Assert.That(await DumpAsync(copies.Current!), Is.EqualTo(rows));
        await copies.DisposeAsync();
        Assert.That(Directory.GetDirectories(CopiesPath).Select(Path.GetFileName), Is.EqualTo(new[] { "copy-1" }));
    }

    [Test]
    public async Task A_copy_hands_out_its_files_too()
    {
        await using RocksDbStorage source = OpenSource(0);
        await FillAsync(source, 10, new Random(1));
        await using RocksDbCopyStore relay = OpenCopies();
        await ReceiveAsync(source, relay);
        await relay.CompleteReceiptAsync();
        await relay.PromoteAsync();
        await FillAsync(source, 10, new Random(2));
        await FollowAsync(source, relay.Current!);

        await using RocksDbCopyStore leaf = RocksDbCopyStore.Open(Beside("leaf"));
        CheckpointInfo checkpoint = await ReceiveAsync((ICheckpointStorage)relay.Current!, leaf);
        ICopy copy = await leaf.CompleteReceiptAsync();
        Assert.That(checkpoint.Position, Is.EqualTo((await source.GetInfoAsync()).Position));
        Assert.That(copy.State.Position, Is.EqualTo(checkpoint.Position));
        await FillAsync(source, 10, new Random(3));
        await FollowAsync(source, copy);
        Assert.That(await DumpAsync(copy), Is.EqualTo(await DumpAsync(source)));
    }

    [Test]
    public async Task A_copy_of_some_keys_is_one_of_the_same_keys_at_the_receiver_and_one_that_is_loaded_has_no_files()
    {
        await using RocksDbCopyStore relay = OpenCopies();
        var start = new Position(Guid.NewGuid(), new Revision(5), 7);
        KeyRange range = KeyRange.Prefix(B("a"));
        ICopy loaded = await relay.BeginAsync([range], start);
        var checkpoints = (ICheckpointStorage)loaded;
        Assert.That((await FailsAsync(async () => await checkpoints.CreateCheckpointAsync())).Code, Is.EqualTo(StorageErrorCode.NotReady));
        await loaded.LoadAsync(default, new CopyLoad { Start = start, WholeAt = start.Revision, IsComplete = true });
        await relay.PromoteAsync();
        await using RocksDbCopyStore leaf = RocksDbCopyStore.Open(Beside("leaf"));
        await ReceiveAsync(checkpoints, leaf);
        CopyState state = (await leaf.CompleteReceiptAsync()).State;
        Assert.That((state.Ranges.Single(), state.Position, state.IsWhole), Is.EqualTo((range, start, true)));
    }

    private RocksDbStorage OpenSource(int seed) => OpenBuffered(new()
    {
        WriteBufferBytes = 64 * 1024,
        LogPreviousValues = seed % 2 == 1,
        NativeOptions = seed % 3 == 0 ? "" : "disable_auto_compactions=true;",
    });

    private RocksDbCopyStore OpenCopies() => RocksDbCopyStore.Open(CopiesPath);

    private async Task<RocksDbCopyStore> ReopenAsync(RocksDbCopyStore copies)
    {
        await copies.DisposeAsync();
        return OpenCopies();
    }

    private static async Task FillAsync(RocksDbStorage source, int batches, Random random)
    {
        for (int i = 0; i < batches; i++)
        {
            byte[] value = new byte[random.Next(8_000)];
            random.NextBytes(value);
            ulong number = source.GetLastNumber(Session) + 1;
            var batch = new WriteBatch { Stamp = new WriteStamp(Session, number, number - 1, IsResend: false, IsUnanswered: false) };
            await source.WriteAsync(batch.Put(B($"{random.Next(50)}"), B(Convert.ToHexString(value))).Remove(B($"{random.Next(50)}")));
        }
    }

    private static int[] Missing(CheckpointReceipt receipt) =>
        [.. Enumerable.Range(0, receipt.Checkpoint.Files.Count).Where(i => receipt.GetLength(i) < receipt.Checkpoint.Files[i].Length)];

    private static async Task WriteNextAsync(ICheckpointStorage source, CheckpointReceipt receipt, int file, int length) =>
        await receipt.WriteAsync(file, await source.ReadCheckpointAsync(
            receipt.Checkpoint.Id, receipt.Checkpoint.Files[file].Name, receipt.GetLength(file), length));

    private static async Task WriteAllAsync(ICheckpointStorage source, CheckpointReceipt receipt)
    {
        while (Missing(receipt) is [int first, ..])
        {
            await WriteNextAsync(source, receipt, first, CheckpointInfo.MaxPieceBytes);
        }
    }

    private static async Task<CheckpointInfo> ReceiveAsync(ICheckpointStorage source, RocksDbCopyStore copies)
    {
        CheckpointInfo checkpoint = await source.CreateCheckpointAsync();
        await WriteAllAsync(source, await copies.BeginReceiptAsync(checkpoint));
        await source.ReleaseCheckpointAsync(checkpoint.Id);
        return checkpoint;
    }

    private async Task IsCorruptAsync(RocksDbCopyStore copies)
    {
        StorageException e = await FailsAsync(async () => await copies.CompleteReceiptAsync());
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.Corrupt), e.Message);
        Assert.That((copies.Receipt, copies.Next, Directory.Exists(ReceiptPath)), Is.EqualTo(((object?)null, (object?)null, false)));
    }

    private static async Task FollowAsync(RocksDbStorage source, ICopy copy)
    {
        Revision through = (await source.GetInfoAsync()).Revision;
        await foreach (WatchEvent told in source.WatchAsync(new WatchOptions { After = copy.State.Position }))
        {
            if (told.Kind == WatchEventKind.Changes)
            {
                await copy.ApplyAsync(new[] { new CopiedBatch(told.Position, told.CommitTime, told.PackedOperations) });
            }

            if (told.Revision >= through)
            {
                return;
            }
        }
    }

    private static async Task<string> ReadAllTextSharedAsync(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return await reader.ReadToEndAsync();
    }
}
