using WsStorage.Core.Copies;
using WsStorage.RocksDb.Copies;
using WsStorage.RocksDb.History;
using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Opening;
using WsStorage.RocksDb.TestProcess;
using WsStorage.Testing;

namespace WsStorage.RocksDb.Tests;

/// <summary>What a copy writes to the disk: its history, with gaps where some ranges are copied, and its facts.</summary>
public sealed class CopyLogTests : StoreFixture
{
    private readonly CopiedSource _source = new();
    private CancellationTokenSource _deadline = null!;

    private string FirstCopy => Path.Combine(StorePath, "copy-1");

    [SetUp]
    public void SetDeadline() => _deadline = new CancellationTokenSource(TimeSpan.FromSeconds(100));

    [TearDown]
    public void DisposeDeadline() => _deadline.Dispose();

    /// <summary>The examples of docs/log-format.md.</summary>
    [Test]
    public async Task The_facts_of_a_copy_are_these()
    {
        var start = new Position(CopiedSource.Origin.Epoch, new Revision(7), 0x0102030405060708);
        await using (RocksDbCopyStore store = Open())
        {
            ICopy next = await store.BeginAsync([KeyRange.Prefix("a"), KeyRange.From(B("x"))], start);
            await next.LoadAsync(
                CopiedSource.Pack([new("a1", "12")]),
                new CopyLoad { Start = start, WholeAt = new Revision(9), Last = B("a1"), Rows = 1, Bytes = 4 });
        }

        Assert.That(ReadFact("copy"), Is.EqualTo("01" + "0161" + "0162" + "0178" + "00"));
        Assert.That(ReadFact("copy/load"), Is.EqualTo(
            "01" + "00" + "0700000000000000" + "0807060504030201" + "0900000000000000" + "0100000000000000" + "0400000000000000" + "01" + "6131"));
        Assert.That(ReadFact("position"), Is.EqualTo("0700000000000000" + "0807060504030201"));
        Assert.That(ReadFact("compacted"), Is.EqualTo("0700000000000000"));
        Assert.That(ReadFact("epoch"), Is.EqualTo("5eedf00d00000000000000000000c0de"));
        await using RocksDbCopyStore again = Open();
        CopyState state = again.Next!.State;
        Assert.That(state.Ranges, Is.EqualTo(new[] { KeyRange.Prefix("a"), KeyRange.From(B("x")) }));
        Assert.That(state.Load! with { Last = null }, Is.EqualTo(new CopyLoad { Start = start, WholeAt = new Revision(9), Rows = 1, Bytes = 4 }));
        Assert.That(state.Load!.Last!.Value.ToArray(), Is.EqualTo(B("a1")));
    }

    [Test]
    public async Task The_record_of_a_batch_of_some_ranges_is_this()
    {
        var start = new Position(CopiedSource.Origin.Epoch, new Revision(7), 1);
        await using (RocksDbCopyStore store = Open())
        {
            ICopy next = await LoadAsync(store, [KeyRange.Prefix("a")], start, []);
            await next.ApplyAsync(new[]
            {
                new CopiedBatch(
                    new Position(start.Epoch, new Revision(10), 0xdbf27cc527d14afe),
                    DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000),
                    Put("a", "12").PackedOperations.ToArray()),
            });
        }

        (byte[] key, byte[] value) = StoredLog.ReadRecords(FirstCopy).Single();
        Assert.That(Convert.ToHexStringLower(key), Is.EqualTo("000000000000000a"));
        Assert.That(Convert.ToHexStringLower(value), Is.EqualTo(
            "03" + "0068e5cf8b010000" + "01000000" + "fe4ad127c57cf2db" + "0000000000000000" + "06" + "01" + "0161" + "023132"));
        Assert.That(LogRecord.Read(key, value).IsSparse, Is.True);
    }

    [Test]
    public async Task Batches_of_the_same_time_share_a_record_and_keep_their_time()
    {
        await using (RocksDbCopyStore store = Open())
        {
            ICopy copy = await LoadAsync(store, [], CopiedSource.Origin, []);
            await copy.ApplyAsync(_source.Batches(0, 7));
            await copy.ApplyAsync(_source.Batches(7, 30));
            await using WatchProbe watch = await WatchAsync(copy, CopiedSource.Origin);
            await watch.ReadThroughAsync(new Revision(30));
            Assert.That(watch.Changes.Select(told => told.Position), Is.EqualTo(_source.Batches(0, 30).Select(batch => batch.Position)));
        }

        LogRecord[] records = Records();
        Assert.That(records.Select(record => record.First.Value), Is.EqualTo(new ulong[] { 1, 3, 6, 8, 9, 12, 15, 18, 21, 24, 27, 30 }));
        Assert.That(records.Select(record => record.CommitTime), Is.EqualTo(records.Select(record => _source.Batch(record.First.Value).CommitTime.ToUnixTimeMilliseconds())));
        Assert.That(StoredLog.Replay(StoredLog.ReadAndCheck(FirstCopy)), Is.EqualTo(_source.RowsAt(30).Select(row => $"{row.Key}={row.Value}")));
    }

    [Test]
    public async Task A_watch_of_some_ranges_reads_over_gaps_from_any_position_after_a_restart()
    {
        CopiedBatch[] batches = await FillSparseAsync();
        await using RocksDbCopyStore store = Open();
        ICopy copy = store.Next!;
        Assert.That((await copy.GetInfoAsync()).CompactedRevision, Is.EqualTo(Revision.None));
        foreach (ulong after in new ulong[] { 0, 1, 6, 7, 8, 14, 15, 199, 200 })
        {
            await using WatchProbe watch = await WatchAsync(copy, _source.PositionAt(after));
            await watch.ReadThroughAsync(new Revision(200));
            Assert.That(
                watch.Changes.Select(told => told.Position),
                Is.EqualTo(batches.Where(batch => batch.Position.Revision.Value > after && !batch.PackedOperations.IsEmpty).Select(batch => batch.Position)),
                $"after {after}");
        }

        Position wrong = _source.PositionAt(14) with { Hash = 5 };
        Assert.That((await FailsAsync(() => WatchAsync(copy, wrong))).Code, Is.EqualTo(StorageErrorCode.Diverged));
    }

    [Test]
    public async Task History_with_gaps_is_compacted_and_what_is_left_is_complete([Values(3, 7, 10, 14, 195, 200)] int through)
    {
        CopiedBatch[] batches = await FillSparseAsync();
        var compacted = new Revision((ulong)through);
        await using (RocksDbCopyStore store = Open())
        {
            await ((RocksDbCopy)store.Next!).CompactAsync(compacted);
        }

        await using RocksDbCopyStore again = Open();
        ICopy copy = again.Next!;
        Assert.That((await copy.GetInfoAsync()).CompactedRevision, Is.EqualTo(compacted));
        Position before = _source.PositionAt(compacted.Value - 1);
        Assert.That((await FailsAsync(() => WatchAsync(copy, before))).Code, Is.EqualTo(StorageErrorCode.Compacted));
        await using WatchProbe watch = await WatchAsync(copy, _source.PositionAt(compacted.Value));
        await watch.ReadThroughAsync(new Revision(200));
        Assert.That(
            watch.Changes.Select(told => told.Position),
            Is.EqualTo(batches.Where(batch => batch.Position.Revision > compacted && !batch.PackedOperations.IsEmpty).Select(batch => batch.Position)));
    }

    [Test]
    public async Task History_with_gaps_is_trimmed_by_its_bytes_and_what_is_left_is_complete()
    {
        var options = new RocksDbOptions { CommitLogBytes = RocksDbOptions.MinCommitLogBytes, Durability = Durability.Buffered };
        const int count = 60;
        byte[] value = new byte[64 * 1024];
        Position[] positions = [.. Enumerable.Range(1, count).Select(i => new Position(CopiedSource.Origin.Epoch, new Revision((ulong)i * 10), (ulong)i))];
        await using RocksDbCopyStore store = RocksDbCopyStore.Open(StorePath, options);
        ICopy copy = await LoadAsync(store, [KeyRange.Prefix("k")], CopiedSource.Origin, []);
        foreach (Position position in positions)
        {
            await copy.ApplyAsync(new[] { new CopiedBatch(position, DateTimeOffset.UnixEpoch, new WriteBatch().Put("k"u8, value).PackedOperations.ToArray()) });
        }

        await TrimmedAsync(copy);
        StorageInfo info = await copy.GetInfoAsync();
        Assert.That(info.HistoryBytes, Is.InRange(options.CommitLogBytes, options.CommitLogBytes * 9 / 8 + value.Length));
        Assert.That(info.CompactedRevision.Value, Is.GreaterThan(100));
        Position after = new(CopiedSource.Origin.Epoch, info.CompactedRevision, 0);
        await using WatchProbe watch = await WatchAsync(copy, after);
        await watch.ReadThroughAsync(positions[^1].Revision);
        Assert.That(watch.Changes.Select(told => told.Position), Is.EqualTo(positions.Where(p => p.Revision > info.CompactedRevision)));
    }

    [Test]
    public async Task History_with_gaps_is_trimmed_by_its_age_and_what_is_left_is_complete()
    {
        var time = new ManualTimeProvider(DateTimeOffset.UnixEpoch);
        var options = new RocksDbOptions { CommitLogAge = TimeSpan.FromMinutes(10), Durability = Durability.Buffered, TimeProvider = time };
        await using RocksDbCopyStore store = RocksDbCopyStore.Open(StorePath, options);
        ICopy copy = await LoadAsync(store, [KeyRange.Prefix("k")], CopiedSource.Origin, []);
        for (ulong minute = 1; minute <= 30; minute++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            var position = new Position(CopiedSource.Origin.Epoch, new Revision(minute * 10), minute);
            await copy.ApplyAsync(new[] { new CopiedBatch(position, time.GetUtcNow(), Put("k", "1").PackedOperations.ToArray()) });
        }

        await TrimmedAsync(copy);
        Revision compacted = (await copy.GetInfoAsync()).CompactedRevision;
        Assert.That(compacted.Value, Is.InRange(180, 200), "what is older than ten minutes and an eighth is gone");
        await using WatchProbe watch = await WatchAsync(copy, new Position(CopiedSource.Origin.Epoch, compacted, 0));
        await watch.ReadThroughAsync(new Revision(300));
        Assert.That(watch.Changes.Select(told => told.Revision), Is.EqualTo(Enumerable.Range(1, 30).Select(i => new Revision((ulong)i * 10)).Where(r => r > compacted)));
    }

    [Test]
    public async Task A_copy_without_a_log_keeps_its_position_all_the_same([Values] bool isOfAllKeys)
    {
        var options = new RocksDbOptions { CommitLogBytes = 0, Durability = Durability.Buffered };
        await using (RocksDbCopyStore store = RocksDbCopyStore.Open(StorePath, options))
        {
            ICopy copy = await LoadAsync(store, isOfAllKeys ? [] : [KeyRange.Prefix("key")], CopiedSource.Origin, []);
            await using WatchProbe watch = await WatchAsync(copy, CopiedSource.Origin);
            await copy.ApplyAsync(_source.Batches(0, 5));
            await watch.ReadThroughAsync(new Revision(5));
            Assert.That(watch.Changes.Count(), Is.EqualTo(5));
            Assert.That((await copy.GetInfoAsync()).CompactedRevision, Is.EqualTo(new Revision(5)));
        }

        Assert.That(StoredLog.ReadRecords(FirstCopy), Is.Empty);
        await using RocksDbCopyStore again = Open();
        Assert.That(again.Next!.State.Position, Is.EqualTo(_source.PositionAt(5)));
        await again.Next.ApplyAsync(_source.Batches(5, 9));
        Assert.That((await again.Next.GetInfoAsync()).CompactedRevision, Is.EqualTo(new Revision(5)));
    }

    [Test]
    public async Task What_mends_rows_is_in_no_record()
    {
        await using (RocksDbCopyStore store = Open())
        {
            ICopy copy = await LoadAsync(store, [], CopiedSource.Origin, []);
            await copy.ApplyAsync(_source.Batches(0, 2));
            await copy.MendAsync(new WriteBatch().Put("mended", "1").RemoveRange(KeyRange.Prefix("key")));
            Assert.That(await DumpAsync(copy), Is.EqualTo(new[] { "last=2", "mended=1" }));
            Assert.That(copy.State.Position, Is.EqualTo(_source.PositionAt(2)));
        }

        Assert.That(StoredLog.ReadAndCheck(FirstCopy), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task What_was_read_before_is_not_what_is_read_after_more_was_taken_over()
    {
        await using RocksDbCopyStore store = Open();
        ICopy copy = await LoadAsync(store, [], CopiedSource.Origin, []);
        await copy.ApplyAsync(_source.Batches(0, 2));
        Assert.That(await LastAsync(), Is.EqualTo("2"));
        await copy.ApplyAsync(_source.Batches(2, 3));
        Assert.That(await LastAsync(), Is.EqualTo("3"));
        await copy.MendAsync(new WriteBatch().Put("last", "mended"));
        Assert.That(await LastAsync(), Is.EqualTo("mended"));

        async Task<string> LastAsync() => System.Text.Encoding.UTF8.GetString((await copy.GetAsync("last"u8.ToArray())).Value!);
    }

    private RocksDbCopyStore Open() => RocksDbCopyStore.Open(StorePath);

    private LogRecord[] Records() => [.. StoredLog.ReadRecords(FirstCopy).Select(record => LogRecord.Read(record.Key, record.Value))];

    private Task<WatchProbe> WatchAsync(ICopy copy, Position after) =>
        WatchProbe.StartAsync(copy, new WatchOptions { After = after }, _deadline.Token);

    /// <summary>Trimming follows the acknowledgement: what is asked of the log after it comes after it.</summary>
    private static ValueTask TrimmedAsync(ICopy copy) => ((RocksDbCopy)copy).CompactAsync(Revision.None);

    private static async Task<ICopy> LoadAsync(
        RocksDbCopyStore store, IReadOnlyList<KeyRange> ranges, Position start, byte[] rows)
    {
        ICopy next = await store.BeginAsync(ranges, start);
        await next.LoadAsync(rows, new CopyLoad { Start = start, WholeAt = start.Revision, IsComplete = true });
        return next;
    }

    /// <summary>A copy of some ranges with every seventh revision of the source, and the last, which touches none.</summary>
    private async Task<CopiedBatch[]> FillSparseAsync()
    {
        CopiedBatch[] batches =
        [
            .. _source.Batches(0, 199).Where(batch => batch.Position.Revision.Value % 7 == 0),
            _source.Batch(200) with { PackedOperations = default },
        ];
        await using RocksDbCopyStore store = RocksDbCopyStore.Open(StorePath);
        ICopy copy = await LoadAsync(store, [KeyRange.Prefix("key"), KeyRange.Prefix("last")], CopiedSource.Origin, []);
        foreach (CopiedBatch[] chunk in batches.Chunk(5))
        {
            await copy.ApplyAsync(chunk);
        }

        return batches;
    }

    private string? ReadFact(string name)
    {
        using Database database = DatabaseOpening.Open(FirstCopy, new RocksDbOptions { ReadOnly = true });
        return StoreFacts.Read(database, B(name)) is { } value ? Convert.ToHexStringLower(value) : null;
    }
}
