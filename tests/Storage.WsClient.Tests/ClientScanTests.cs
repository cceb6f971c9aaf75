using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient.Tests;

public class ClientScanTests
{
    private static readonly byte[] OneRow = [1, (byte)'k', 1, (byte)'v'];

    [Test]
    public async Task Pages_are_read_in_order_and_credit_is_granted_as_they_are_read()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient(options => options with { ScanWindowBytes = 1024 });
        Task<int> reading = CountAsync(client);
        ScriptedServer.Link link = await server.AcceptAsync();
        ScriptedServer.Request scan = await link.ReceiveAsync();
        Assert.That(ScanRequest.Read(scan.Body).Credit, Is.EqualTo(1024));
        byte[] rows = [.. Enumerable.Repeat(OneRow, 128).SelectMany(row => row)];
        await link.ReplyAsync(scan, new ScanPageMessage(new Revision(9), 128, rows));
        await link.ReplyAsync(scan, new ScanPageMessage(new Revision(9), 128, rows));
        ScriptedServer.Request credit = await link.ReceiveAsync();
        Assert.That((credit.Type, credit.Id), Is.EqualTo((MessageType.ScanCredit, scan.Id)));
        Assert.That(ScanCreditMessage.Read(credit.Body), Is.EqualTo(512));
        await link.ReplyAsync(scan, new ScanEndMessage(cancelled: false));
        Assert.That(await reading.WaitAsync(TimeSpan.FromSeconds(20)), Is.EqualTo(256));
    }

    [Test]
    public async Task A_reader_that_stops_early_cancels_the_scan_and_late_pages_are_dropped()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        Task reading = Task.Run(async () =>
        {
            await foreach (Entry entry in client.ScanAsync(KeyRange.All))
            {
                Assert.That(entry.KeyText, Is.EqualTo("k"));
                break;
            }
        });
        ScriptedServer.Link link = await server.AcceptAsync();
        ScriptedServer.Request scan = await link.ReceiveAsync();
        await link.ReplyAsync(scan, new ScanPageMessage(default, 1, OneRow));
        Assert.That((await link.ReceiveAsync()).Type, Is.EqualTo(MessageType.Cancel));
        await reading.WaitAsync(TimeSpan.FromSeconds(20));
        await link.ReplyAsync(scan, new ScanPageMessage(default, 1, OneRow));
        await link.ReplyAsync(scan, new ScanEndMessage(cancelled: true));
        Task<GetResult> get = client.GetAsync("k"u8.ToArray()).AsTask();
        await link.ReplyAsync(await link.ReceiveAsync(), new GetReply(default, found: false, default));
        Assert.That((await get.WaitAsync(TimeSpan.FromSeconds(20))).Found, Is.False);
    }

    [Test]
    public async Task A_scan_that_fails_half_way_is_never_taken_for_the_end()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        Task<int> refused = CountAsync(client);
        ScriptedServer.Link link = await server.AcceptAsync();
        ScriptedServer.Request scan = await link.ReceiveAsync();
        await link.ReplyAsync(scan, new ScanPageMessage(default, 1, OneRow));
        await link.ReplyAsync(scan, new ErrorReply(StorageErrorCode.Corrupt, WriteOutcome.NotApplied, "damaged"));
        Assert.That((await Assert.ThrowsAsync<StorageException>(() => refused))!.Code, Is.EqualTo(StorageErrorCode.Corrupt));

        Task<int> lost = CountAsync(client);
        await link.ReplyAsync(await link.ReceiveAsync(), new ScanPageMessage(default, 1, OneRow));
        link.Cut();
        Assert.That((await Assert.ThrowsAsync<StorageException>(() => lost))!.Code, Is.EqualTo(StorageErrorCode.ConnectionLost));
    }

    [Test]
    public async Task A_cancelled_scan_throws_and_leaves_the_connection_usable()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        using var cancellation = new CancellationTokenSource();
        Task<int> reading = CountAsync(client, cancellation.Token);
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReceiveAsync();
        await cancellation.CancelAsync();
        await Assert.ThatAsync(async () => await reading, Throws.InstanceOf<OperationCanceledException>());
        Assert.That((await link.ReceiveAsync()).Type, Is.EqualTo(MessageType.Cancel));
        Assert.That(client.State, Is.EqualTo(ConnectionState.Connected));
    }

    private static async Task<int> CountAsync(WsStorageClient client, CancellationToken cancellationToken = default)
    {
        int count = 0;
        await foreach (ScanPage page in client.ScanPagesAsync(new ScanOptions(), cancellationToken))
        {
            count += page.Count;
        }

        return count;
    }
}
