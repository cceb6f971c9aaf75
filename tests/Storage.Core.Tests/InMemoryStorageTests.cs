using WsStorage.Testing;

namespace WsStorage.Core.Tests;

[TestFixture]
public sealed class InMemoryStorageTests
{
    private InMemoryStorage _storage = null!;

    [SetUp]
    public void Open() => _storage = new InMemoryStorage();

    [TearDown]
    public async Task CloseAsync() => await _storage.DisposeAsync();

    [Test]
    public async Task Every_operation_completes_synchronously()
    {
        Assert.That(_storage.WriteAsync(new WriteBatch().Put("a", "1")).AsTask().IsCompletedSuccessfully, Is.True);
        Assert.That(_storage.WriteManyAsync(new[] { new WriteBatch().Put("b", "1") }, new WriteResult[1]).AsTask().IsCompletedSuccessfully, Is.True);
        Assert.That(_storage.GetAsync(Bytes.Of("a")).AsTask().IsCompletedSuccessfully, Is.True);
        Assert.That(_storage.GetManyAsync([Bytes.Of("a")]).AsTask().IsCompletedSuccessfully, Is.True);
        Assert.That(_storage.GetInfoAsync().AsTask().IsCompletedSuccessfully, Is.True);
        await using IAsyncEnumerator<ScanPage> scan = _storage.ScanPagesAsync(new ScanOptions()).GetAsyncEnumerator();
        Assert.That(scan.MoveNextAsync().AsTask().IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public async Task Info_counts_keys_and_bytes_exactly()
    {
        await _storage.WriteAsync(new WriteBatch().Put("abc", "12345").Put("d", "").Put("abc", "1").Put("e", "123"));
        await _storage.WriteAsync(new WriteBatch().Remove("e").Remove("f"));
        StorageInfo info = await _storage.GetInfoAsync();
        Assert.That(info.Engine, Is.EqualTo("memory"));
        Assert.That(info.Durability, Is.EqualTo(Durability.Volatile));
        Assert.That(info.ApproximateKeys, Is.EqualTo(2));
        Assert.That(info.ApproximateBytes, Is.EqualTo(3 + 1 + 1));
        Assert.That(info.Limits, Is.EqualTo(StorageLimits.Default));
    }

    [Test]
    public void Options_that_contradict_each_other_are_refused()
    {
        var options = new InMemoryStorageOptions { Limits = new StorageLimits(MaxValueBytes: 1000, MaxBatchBytes: 1000) };
        Assert.That(
            () => new InMemoryStorage(options),
            Throws.TypeOf<StorageException>().With.Property(nameof(StorageException.Code)).EqualTo(StorageErrorCode.InvalidArgument));
    }

    [TestCase(0)]
    [TestCase(65535)]
    public void A_history_that_is_too_small_is_refused(long bytes)
    {
        StorageException exception = Assert.Throws<StorageException>(() => new InMemoryStorage(new InMemoryStorageOptions { HistoryBytes = bytes }))!;
        Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(exception.Message, Does.Contain(nameof(InMemoryStorageOptions.HistoryBytes)));
    }

    [Test]
    public async Task History_is_kept_within_its_bound_and_info_tells_how_far()
    {
        await using var storage = new InMemoryStorage(new InMemoryStorageOptions { HistoryBytes = 64 * 1024 });
        StorageInfo empty = await storage.GetInfoAsync();
        Assert.That((empty.HistoryBytes, empty.CompactedRevision), Is.EqualTo((0L, Revision.None)));
        for (int i = 0; i < 100; i++)
        {
            await storage.PutAsync(Bytes.Of("k"), new byte[1000]);
        }

        StorageInfo info = await storage.GetInfoAsync();
        Assert.That(info.HistoryBytes, Is.InRange(60_000, 65_536));
        Assert.That(info.CompactedRevision.Value, Is.InRange(35, 50));
        var gone = new WatchOptions { After = empty.Position };
        StorageException exception = (await Assert.ThrowsAsync<StorageException>(() => WatchProbe.StartAsync(storage, gone, CancellationToken.None)))!;
        Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.Compacted));
    }

    [Test]
    public async Task A_follower_whose_history_is_gone_holds_nothing_more()
    {
        await using var storage = new InMemoryStorage(new InMemoryStorageOptions { HistoryBytes = 64 * 1024, MaxHistoryBytes = 128 * 1024 });
        await storage.PutAsync(Bytes.Of("a"), new byte[1000]);
        await storage.KeepHistoryAsync("left behind", new Revision(1), TimeSpan.FromHours(1));
        for (int i = 0; i < 100; i++)
        {
            await storage.PutAsync(Bytes.Of("a"), new byte[1000]);
        }

        Assert.That((await storage.GetInfoAsync()).HistoryBytes, Is.InRange(100_000, 128 * 1024), "held");
        for (int i = 0; i < 100; i++)
        {
            await storage.PutAsync(Bytes.Of("a"), new byte[1000]);
        }

        StorageInfo info = await storage.GetInfoAsync();
        Assert.That(info.HistoryBytes, Is.LessThanOrEqualTo(64 * 1024));
        Assert.That(info.FollowerCount, Is.Zero, "whose history is gone is a follower no more");
        await storage.CompactAsync(info.Revision);
    }

    [Test]
    public async Task What_was_before_is_unknown_unless_the_store_keeps_it()
    {
        await using WatchProbe watch = await WatchProbe.StartAsync(_storage, new WatchOptions { PreviousValues = true }, CancellationToken.None);
        await _storage.PutStringAsync("a", "1");
        Assert.That((await watch.NextChangesAsync()).Changes.Single().PreviousKind, Is.EqualTo(PreviousValueKind.Unknown));
    }

    [Test]
    public async Task Write_many_refuses_all_when_one_is_over_a_limit()
    {
        byte[] tooLong = new byte[StorageLimits.Default.MaxValueBytes + 1];
        WriteBatch[] batches = [new WriteBatch().Put("a", "1"), new WriteBatch().Put(Bytes.Of("b"), tooLong)];
        await Assert.ThatAsync(
            async () => await _storage.WriteManyAsync(batches, new WriteResult[2]),
            Throws.TypeOf<StorageException>().With.Property(nameof(StorageException.Outcome)).EqualTo(WriteOutcome.NotApplied));
        Assert.That((await _storage.GetInfoAsync()).Revision, Is.EqualTo(Revision.None));
    }

    [Test]
    public async Task Write_many_refuses_too_little_room_for_results()
    {
        WriteBatch[] batches = [new WriteBatch().Put("a", "1"), new WriteBatch().Put("b", "1")];
        await Assert.ThatAsync(
            async () => await _storage.WriteManyAsync(batches, new WriteResult[1]),
            Throws.TypeOf<StorageException>().With.Property(nameof(StorageException.Code)).EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That((await _storage.GetInfoAsync()).Revision, Is.EqualTo(Revision.None));
    }

    [Test]
    public async Task A_receiver_may_use_the_storage_that_calls_it()
    {
        await _storage.PutStringAsync("a", "1");
        var receiver = new Writer(_storage);
        _storage.ReadMany([Bytes.Of("a"), Bytes.Of("b")], receiver);
        Assert.That(receiver.Seen, Is.EqualTo(["a=1", "b is missing"]));
        Assert.That(await _storage.GetStringAsync("b"), Is.EqualTo("written"), "though the read goes on with the revision of its start");
    }

    [Test]
    public async Task A_scan_that_goes_on_after_the_close_is_refused()
    {
        await _storage.WriteAsync(new WriteBatch().Put(Bytes.Of("a"), new byte[2000]).Put(Bytes.Of("b"), new byte[2000]));
        await using IAsyncEnumerator<ScanPage> scan = _storage.ScanPagesAsync(new ScanOptions { PageBytes = 1024 }).GetAsyncEnumerator();
        Assert.That(await scan.MoveNextAsync(), Is.True);
        await _storage.DisposeAsync();
        await Assert.ThatAsync(
            async () => await scan.MoveNextAsync(),
            Throws.TypeOf<StorageException>().With.Property(nameof(StorageException.Code)).EqualTo(StorageErrorCode.Closed));
        Assert.That(await scan.MoveNextAsync(), Is.False, "it has ended");
    }

    [Test]
    public async Task A_scan_can_be_walked_again_and_then_reads_anew()
    {
        await _storage.PutStringAsync("a", "1");
        IAsyncEnumerable<ScanPage> scan = _storage.ScanPagesAsync(new ScanOptions());
        Assert.That(await CountAsync(scan), Is.EqualTo(1));
        await _storage.PutStringAsync("b", "2");
        Assert.That(await CountAsync(scan), Is.EqualTo(2));
    }

    private static async Task<int> CountAsync(IAsyncEnumerable<ScanPage> scan)
    {
        int rows = 0;
        await foreach (ScanPage page in scan)
        {
            rows += page.Count;
        }

        return rows;
    }

    private sealed class Writer(InMemoryStorage storage) : IValueReceiver
    {
        public List<string> Seen { get; } = [];

        public void OnRevision(Revision revision) =>
            Assert.That(storage.WriteAsync(new WriteBatch().Put("a", "written").Put("b", "written")).AsTask().IsCompletedSuccessfully, Is.True);

        public void OnValue(int index, ReadOnlySpan<byte> value) => Seen.Add($"{"ab"[index]}={(char)value[0]}");

        public void OnMissing(int index) => Seen.Add($"{"ab"[index]} is missing");
    }
}
