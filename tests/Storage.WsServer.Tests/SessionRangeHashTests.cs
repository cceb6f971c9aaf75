using WsStorage.Core;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;

namespace WsStorage.WsServer.Tests;

public class SessionRangeHashTests
{
    private const int Rows = 3000;

    private InMemoryStorage _storage = null!;

    [SetUp]
    public async Task SetUp()
    {
        _storage = new InMemoryStorage();
        var batch = new WriteBatch();
        for (int i = 0; i < Rows; i++)
        {
            batch.Put($"k{i:d4}", new string('v', i % 10));
        }

        await _storage.WriteAsync(batch);
    }

    [TearDown]
    public async Task TearDown() => await _storage.DisposeAsync();

    [Test]
    public async Task A_walk_is_pages_of_many_hashes_and_one_end()
    {
        var options = new RangeHashOptions { RowsPerHash = 1 };
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendAsync("H", new RangeHashRequest(options, 1 << 30));
        (List<RangeHash> hashes, int pages) = await ReadAsync(client, default);

        Assert.That(hashes, Is.EqualTo(await HashAsync(options)));
        Assert.That(pages, Is.InRange(3, 6), "3,000 hashes take some 50,000 bytes");
    }

    [Test]
    public async Task A_storage_that_does_not_hash_is_hashed_by_its_rows_and_one_that_does_is_asked()
    {
        await using ScriptedClient plain = await ScriptedClient.ConnectAsync(new OneByOneStorage(_storage));
        await plain.SendAsync("H", new RangeHashRequest(new RangeHashOptions(), 1 << 30));
        Assert.That((await ReadAsync(plain, default)).Hashes, Is.EqualTo(await HashAsync(new RangeHashOptions())));

        var told = new RangeHash(new Revision(7), KeyRange.All, 5, 99);
        await using var hashing = new HashingStorage(_storage, told);
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(hashing);
        await client.SendAsync("H", new RangeHashRequest(new RangeHashOptions { RowsPerHash = 17 }, 1 << 30));
        Assert.That((await ReadAsync(client, default)).Hashes, Is.EqualTo([told]));
        Assert.That(hashing.Asked!.RowsPerHash, Is.EqualTo(17));
    }

    [Test]
    public async Task A_walk_stops_when_its_credit_is_used_up_and_goes_on_with_more()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendAsync("H", new RangeHashRequest(new RangeHashOptions { RowsPerHash = 1 }, 1));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.RangeHashPage));

        await client.SendAsync("G", new GetRequest("k0000"u8));
        Assert.That((await client.ReceiveAsync()).Id, Is.EqualTo("G"));
        await client.SendAsync("H", new CreditMessage(1 << 20));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.RangeHashPage));
    }

    [Test]
    public async Task A_walk_that_is_cancelled_ends_once_and_one_whose_reader_takes_nothing_fails()
    {
        var time = new ManualTimeProvider();
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, timeProvider: time);
        var walk = new RangeHashRequest(new RangeHashOptions { RowsPerHash = 1 }, 1);
        await client.SendAsync("H", walk);
        await client.ReceiveAsync();
        await client.SendAsync("H", new EmptyMessage(MessageType.Cancel));
        ScriptedClient.Reply end = await client.ReceiveAsync();
        Assert.That(end.Type, Is.EqualTo(MessageType.End));
        Assert.That(EndMessage.Read(end.Body).Cancelled, Is.True);

        await client.SendAsync("H", walk);
        await client.ReceiveAsync();
        await time.WaitForTimerAsync(new StorageSessionOptions().SlowReaderTimeout);
        time.Advance(new StorageSessionOptions().SlowReaderTimeout);
        Assert.That((await client.ReceiveErrorAsync("H")).Code, Is.EqualTo(StorageErrorCode.Timeout));
    }

    [Test]
    public async Task Walks_and_scans_are_counted_together_and_share_their_ids()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, new StorageSessionOptions { MaxScans = 1 });
        var walk = new RangeHashRequest(new RangeHashOptions { RowsPerHash = 1 }, 1);
        await client.SendAsync("H", walk);
        await client.ReceiveAsync();
        await client.SendAsync("S", new ScanRequest(new ScanOptions(), 1));
        Assert.That((await client.ReceiveErrorAsync("S")).Code, Is.EqualTo(StorageErrorCode.LimitExceeded));

        await using ScriptedClient other = await ScriptedClient.ConnectAsync(_storage);
        await other.SendAsync("H", walk);
        await other.ReceiveAsync();
        await other.SendAsync("H", walk);
        Assert.That((await other.ReceiveErrorAsync("H")).Code, Is.EqualTo(StorageErrorCode.ProtocolError));
    }

    [Test]
    public async Task A_client_of_small_messages_gets_small_pages_and_no_hash_that_does_not_fit()
    {
        var options = new RangeHashOptions { RowsPerHash = 1 };
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, maxMessageBytes: 4096);
        await client.SendAsync("H", new RangeHashRequest(options, 1 << 30));
        (List<RangeHash> hashes, int pages) = await ReadAsync(client, default);
        Assert.That(hashes, Is.EqualTo(await HashAsync(options)));
        Assert.That(pages, Is.GreaterThan(10));

        byte[] longKey = [.. "l"u8, .. new byte[5000]];
        await _storage.PutAsync(longKey, Bytes.Of("1"));
        await client.SendAsync("L", new RangeHashRequest(options with { Range = KeyRange.From("k2999"u8.ToArray()) }, 1 << 30));
        Assert.That((await client.ReceiveErrorAsync("L")).Code, Is.EqualTo(StorageErrorCode.ResultTooLarge));
    }

    [Test]
    public async Task Hashes_that_come_slowly_are_told_as_they_come()
    {
        var time = new ManualTimeProvider();
        await using var slow = new HashingStorage(
            _storage,
            new RangeHash(default, KeyRange.Between(default, "a"u8.ToArray()), 1, 1),
            new RangeHash(default, KeyRange.Between("a"u8.ToArray(), "b"u8.ToArray()), 1, 2),
            new RangeHash(default, KeyRange.From("b"u8.ToArray()), 1, 3));
        slow.BeforeEach = () => time.Advance(TimeSpan.FromSeconds(0.6));
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(slow, timeProvider: time);
        await client.SendAsync("H", new RangeHashRequest(new RangeHashOptions(), 1 << 20));

        Assert.That(RangeHashPageMessage.Read((await client.ReceiveAsync()).Body).Count, Is.EqualTo(2));
        Assert.That(RangeHashPageMessage.Read((await client.ReceiveAsync()).Body).Count, Is.EqualTo(1));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.End));
    }

    private static async Task<(List<RangeHash> Hashes, int Pages)> ReadAsync(ScriptedClient client, ReadOnlyMemory<byte> start)
    {
        List<RangeHash> hashes = [];
        int pages = 0;
        ScriptedClient.Reply reply;
        while ((reply = await client.ReceiveAsync()).Type == MessageType.RangeHashPage)
        {
            Assert.That(reply.Id, Is.EqualTo("H"));
            hashes.AddRange(RangeHashPageMessage.Read(reply.Body).Unpack(start));
            start = hashes[^1].Range.End;
            pages++;
        }

        Assert.That((reply.Type, reply.Id), Is.EqualTo((MessageType.End, "H")));
        return (hashes, pages);
    }

    private async Task<List<RangeHash>> HashAsync(RangeHashOptions options)
    {
        List<RangeHash> hashes = [];
        await foreach (RangeHash hash in _storage.HashRangesAsync(options))
        {
            hashes.Add(hash);
        }

        return hashes;
    }
}
