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
        Assert.That((credit.Type, credit.Id), Is.EqualTo((MessageType.Credit, scan.Id)));
        Assert.That(CreditMessage.Read(credit.Body), Is.EqualTo(512));
        await link.ReplyAsync(scan, new EndMessage(cancelled: false));
        Assert.That(await reading.WaitAsync(TimeSpan.FromSeconds(60)), Is.EqualTo(256));
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
        await reading.WaitAsync(TimeSpan.FromSeconds(60));
        await link.ReplyAsync(scan, new ScanPageMessage(default, 1, OneRow));
        await link.ReplyAsync(scan, new EndMessage(cancelled: true));
        Task<GetResult> get = client.GetAsync("k"u8.ToArray()).AsTask();
        await link.ReplyAsync(await link.ReceiveAsync(), new GetReply(default, found: false, default));
        Assert.That((await get.WaitAsync(TimeSpan.FromSeconds(60))).Found, Is.False);
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

        await using IAsyncEnumerator<ScanPage> pages = client.ScanPagesAsync(new ScanOptions()).GetAsyncEnumerator();
        Task<bool> first = pages.MoveNextAsync().AsTask();
        await link.ReplyAsync(await link.ReceiveAsync(), new ScanPageMessage(default, 1, OneRow));
        Assert.That(await first.WaitAsync(TimeSpan.FromSeconds(60)), Is.True);
        link.Cut();
        Assert.That((await Assert.ThrowsAsync<StorageException>(() => pages.MoveNextAsync().AsTask()))!.Code, Is.EqualTo(StorageErrorCode.ConnectionLost));
    }

    [Test]
    public async Task A_scan_that_nobody_has_read_of_begins_anew_over_the_next_connection()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        IAsyncEnumerator<ScanPage> pages = client.ScanPagesAsync(new ScanOptions()).GetAsyncEnumerator();
        Task<bool> first = pages.MoveNextAsync().AsTask();
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReceiveAsync();
        link.Cut();
        link = await server.AcceptAsync();
        ScriptedServer.Request scan = await link.ReceiveAsync();
        Assert.That(scan.Type, Is.EqualTo(MessageType.Scan));
        await link.ReplyAsync(scan, new ScanPageMessage(new Revision(8), 1, OneRow));
        await link.ReplyAsync(scan, new EndMessage(cancelled: false));
        Assert.That(await first.WaitAsync(TimeSpan.FromSeconds(60)), Is.True);
        Assert.That(pages.Current.Revision, Is.EqualTo(new Revision(8)));
        Assert.That(await pages.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60)), Is.False);
        await pages.DisposeAsync();
    }

    [Test]
    public void Pages_that_nobody_has_read_do_not_outlive_their_connection()
    {
        var scan = new PendingScan(MessageType.Scan);
        scan.OnReply(MessageType.ScanPage, ScriptedServer.Link.EncodeBody(new ScanPageMessage(new Revision(7), 1, OneRow)));
        Assert.That(scan.TryRestart(), Is.True);
        Assert.That(scan.TryTake(out _, out Task? arrival), Is.False, "a page of the first revision would be mixed with the second");
        scan.OnReply(MessageType.ScanPage, ScriptedServer.Link.EncodeBody(new ScanPageMessage(new Revision(8), 1, OneRow)));
        Assert.That(arrival!.IsCompleted, Is.True);
        Assert.That(scan.TryTake(out PendingScan.RentedPage page, out _), Is.True);
        Assert.That(page.Rows.Revision, Is.EqualTo(new Revision(8)));
        Assert.That(scan.TryRestart(), Is.False, "somebody has read of it");
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
