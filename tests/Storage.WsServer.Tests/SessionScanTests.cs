using WsStorage.Core;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;

namespace WsStorage.WsServer.Tests;

public class SessionScanTests
{
    private const int Rows = 200;

    private InMemoryStorage _storage = null!;

    [SetUp]
    public async Task SetUp()
    {
        _storage = new InMemoryStorage();
        var batch = new WriteBatch();
        for (int i = 0; i < Rows; i++)
        {
            batch.Put($"k{i:d4}", new string('v', 100));
        }

        await _storage.WriteAsync(batch);
    }

    [TearDown]
    public async Task TearDown() => await _storage.DisposeAsync();

    [Test]
    public async Task A_scan_is_pages_under_one_id_and_one_end()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendAsync("S", new ScanRequest(new ScanOptions { PageBytes = 1024 }, 1 << 20));
        var keys = new List<string>();
        int pages = 0;
        ScriptedClient.Reply reply;
        while ((reply = await client.ReceiveAsync()).Type == MessageType.ScanPage)
        {
            Assert.That(reply.Id, Is.EqualTo("S"));
            pages++;
            keys.AddRange(KeysOf(reply));
        }

        Assert.That((reply.Type, reply.Id), Is.EqualTo((MessageType.End, "S")));
        Assert.That(EndMessage.Read(reply.Body).Cancelled, Is.False);
        Assert.That(keys, Is.EqualTo(Enumerable.Range(0, Rows).Select(i => $"k{i:d4}")));
        Assert.That(pages, Is.GreaterThan(10));
    }

    [Test]
    public async Task A_scan_stops_when_its_credit_is_used_up_and_goes_on_with_more()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendAsync("S", new ScanRequest(new ScanOptions { PageBytes = 1024 }, 1));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.ScanPage));

        // The scan has no credit left, so the next thing said is the answer to something else.
        await client.SendAsync("G", new GetRequest("k0000"u8));
        Assert.That((await client.ReceiveAsync()).Id, Is.EqualTo("G"));
        await client.SendAsync("S", new CreditMessage(1 << 20));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.ScanPage));
    }

    [Test]
    public async Task A_cancelled_scan_ends_once_and_its_id_can_be_used_again()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        for (int round = 0; round < 5; round++)
        {
            await client.SendAsync("S", new ScanRequest(new ScanOptions { PageBytes = 1024 }, 1));
            Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.ScanPage));
            await client.SendAsync("S", new EmptyMessage(MessageType.Cancel));
            ScriptedClient.Reply end = await client.ReceiveAsync();
            Assert.That(end.Type, Is.EqualTo(MessageType.End));
            Assert.That(EndMessage.Read(end.Body).Cancelled, Is.True);
        }
    }

    [Test]
    public async Task Credit_and_cancel_for_a_scan_that_has_ended_are_no_errors()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendAsync("S", new CreditMessage(1));
        await client.SendAsync("S", new EmptyMessage(MessageType.Cancel));
        await client.SendAsync("G", new GetRequest("k0000"u8));
        Assert.That((await client.ReceiveAsync()).Id, Is.EqualTo("G"));
    }

    [Test]
    public async Task Scans_beyond_the_limit_and_ids_of_open_scans_are_refused()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, new StorageSessionOptions { MaxScans = 1 });
        var scan = new ScanRequest(new ScanOptions { PageBytes = 1024 }, 1);
        await client.SendAsync("S", scan);
        await client.ReceiveAsync();
        await client.SendAsync("T", scan);
        Assert.That((await client.ReceiveErrorAsync("T")).Code, Is.EqualTo(StorageErrorCode.LimitExceeded));

        await using ScriptedClient other = await ScriptedClient.ConnectAsync(_storage);
        await other.SendAsync("S", scan);
        await other.ReceiveAsync();
        await other.SendAsync("S", scan);
        Assert.That((await other.ReceiveErrorAsync("S")).Code, Is.EqualTo(StorageErrorCode.ProtocolError));
    }

    [Test]
    public async Task A_scan_whose_reader_takes_nothing_is_ended()
    {
        var time = new ManualTimeProvider();
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, timeProvider: time);
        await client.SendAsync("S", new ScanRequest(new ScanOptions { PageBytes = 1024 }, 1));
        await client.ReceiveAsync();
        await time.WaitForTimerAsync(new StorageSessionOptions().SlowReaderTimeout);
        time.Advance(new StorageSessionOptions().SlowReaderTimeout);
        Assert.That((await client.ReceiveErrorAsync("S")).Code, Is.EqualTo(StorageErrorCode.Timeout));
    }

    [Test]
    public async Task A_client_of_small_messages_scans_small_rows_whatever_page_it_asks_for()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, maxMessageBytes: 4096);
        await client.SendAsync("S", new ScanRequest(new ScanOptions(), 1 << 20));
        var keys = new List<string>();
        ScriptedClient.Reply reply;
        while ((reply = await client.ReceiveAsync()).Type == MessageType.ScanPage)
        {
            keys.AddRange(KeysOf(reply));
        }

        Assert.That(reply.Type, Is.EqualTo(MessageType.End));
        Assert.That(keys, Has.Count.EqualTo(Rows));
    }

    [Test]
    public async Task A_malformed_credit_closes_the_connection()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendRawAsync(new byte[] { 0x80, ProtocolConstants.Separator, (byte)MessageType.Credit, (byte)'S' });
        Assert.That((await client.ReceiveCloseAsync()).Code, Is.EqualTo(Transport.CloseReason.ProtocolError));
    }

    private static List<string> KeysOf(ScriptedClient.Reply reply)
    {
        ScanPageMessage page = ScanPageMessage.Read(reply.Body);
        var keys = new List<string>();
        foreach (ScanPage.Row row in new ScanPage(page.Revision, page.Count, page.Rows.ToArray()))
        {
            keys.Add(System.Text.Encoding.UTF8.GetString(row.Key.Span));
        }

        return keys;
    }
}
