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
