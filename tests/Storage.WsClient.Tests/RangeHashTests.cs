using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient.Tests;

public class RangeHashTests
{
    private static readonly KeyRange Range = KeyRange.Between("a"u8.ToArray(), "z"u8.ToArray());

    [Test]
    public async Task Hashes_are_told_in_order_each_range_after_the_one_before()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient(options => options with { ScanWindowBytes = 1024 });
        Task<List<RangeHash>> reading = ReadAsync(client);
        ScriptedServer.Link link = await server.AcceptAsync();
        ScriptedServer.Request request = await link.ReceiveAsync();
        RangeHashRequest walk = RangeHashRequest.Read(request.Body);
        Assert.That((walk.Options.Range, walk.Options.RowsPerHash, walk.Credit), Is.EqualTo((Range, 17, 1024L)));
        await ReplyAsync(link, request, "c", "f");
        await ReplyAsync(link, request, "g", "z");
        await link.ReplyAsync(request, new EndMessage(cancelled: false));

        List<RangeHash> hashes = await reading.Soon();
        Assert.That(hashes.Select(hash => hash.Range), Is.EqualTo([Between("a", "c"), Between("c", "f"), Between("f", "g"), Between("g", "z")]));
        Assert.That(hashes.Select(hash => (hash.Revision, hash.Rows, hash.Hash)), Is.All.EqualTo((new Revision(9), 3L, 99UL)));
    }

    [Test]
    public async Task Credit_is_granted_as_hashes_are_read()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient(options => options with { ScanWindowBytes = 1024 });
        Task<List<RangeHash>> reading = ReadAsync(client);
        ScriptedServer.Link link = await server.AcceptAsync();
        ScriptedServer.Request request = await link.ReceiveAsync();
        string longKey = new('b', 600);
        await ReplyAsync(link, request, longKey);
        ScriptedServer.Request credit = await link.ReceiveAsync();
        Assert.That((credit.Type, credit.Id), Is.EqualTo((MessageType.Credit, request.Id)));
        Assert.That(CreditMessage.Read(credit.Body), Is.EqualTo(604));
        await ReplyAsync(link, request, "z");
        await link.ReplyAsync(request, new EndMessage(cancelled: false));
        Assert.That(await reading.Soon(), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_walk_that_loses_its_connection_fails_once_it_is_being_read_and_begins_anew_before()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        await using IAsyncEnumerator<RangeHash> hashes = client.HashRangesAsync(new RangeHashOptions { Range = Range }).GetAsyncEnumerator();
        Task<bool> first = hashes.MoveNextAsync().AsTask();
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReceiveAsync();
        link.Cut();
        link = await server.AcceptAsync();
        ScriptedServer.Request request = await link.ReceiveAsync();
        Assert.That(request.Type, Is.EqualTo(MessageType.RangeHash));
        await ReplyAsync(link, request, "c");
        Assert.That(await first.Soon(), Is.True);
        link.Cut();
        Assert.That((await hashes.MoveNextAsync().AsTask().FailureAsync()).Code, Is.EqualTo(StorageErrorCode.ConnectionLost));
    }

    [Test]
    public async Task A_walk_that_leaves_something_out_is_never_taken_for_whole()
    {
        Assert.That((await FailAsync("c", "f")).Message, Does.Contain("ends elsewhere"));
        Assert.That((await FailAsync()).Message, Does.Contain("ends elsewhere"));
        Assert.That((await FailAsync("c", string.Empty)).Message, Does.Contain("ends elsewhere"));
        Assert.That((await FailAsync("c", "c")).Message, Does.Contain("ends where it begins"));
        Assert.That((await FailAsync("c", "b")).Message, Does.Contain("ends where it begins"));
        Assert.That((await FailAsync("a")).Message, Does.Contain("ends where it begins"));

        static async Task<StorageException> FailAsync(params string[] ends)
        {
            var server = new ScriptedServer();
            await using WsStorageClient client = server.CreateClient();
            Task<List<RangeHash>> reading = ReadAsync(client);
            ScriptedServer.Link link = await server.AcceptAsync();
            ScriptedServer.Request request = await link.ReceiveAsync();
            foreach (string end in ends)
            {
                await ReplyAsync(link, request, end);
            }

            await link.ReplyAsync(request, new EndMessage(cancelled: false));
            StorageException failure = await reading.FailureAsync();
            Assert.That(failure.Code, Is.EqualTo(StorageErrorCode.ProtocolError));
            return failure;
        }
    }

    [Test]
    public async Task A_walk_that_goes_on_after_the_last_key_is_refused()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        Task<List<RangeHash>> reading = ReadAsync(client, KeyRange.All);
        ScriptedServer.Link link = await server.AcceptAsync();
        ScriptedServer.Request request = await link.ReceiveAsync();
        await ReplyAsync(link, request, string.Empty);
        await ReplyAsync(link, request, "b");
        Assert.That((await reading.FailureAsync()).Message, Does.Contain("goes on after"));
    }

    [Test]
    public async Task A_reader_that_stops_early_cancels_the_walk()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        Task reading = Task.Run(async () =>
        {
            await foreach (RangeHash hash in client.HashRangesAsync(new RangeHashOptions { Range = Range }))
            {
                Assert.That(hash.Range, Is.EqualTo(Between("a", "c")));
                break;
            }
        });
        ScriptedServer.Link link = await server.AcceptAsync();
        ScriptedServer.Request request = await link.ReceiveAsync();
        await ReplyAsync(link, request, "c");
        Assert.That((await link.ReceiveAsync()).Type, Is.EqualTo(MessageType.Cancel));
        await reading.Soon();
        await ReplyAsync(link, request, "f");
        await link.ReplyAsync(request, new EndMessage(cancelled: true));
        Task<GetResult> get = client.GetAsync("k"u8.ToArray()).AsTask();
        await link.ReplyAsync(await link.ReceiveAsync(), new GetReply(default, found: false, default));
        Assert.That((await get.Soon()).Found, Is.False);
    }

    [Test]
    public async Task A_server_that_does_not_know_of_hashes_says_so()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        Task<List<RangeHash>> reading = ReadAsync(client);
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReplyAsync(await link.ReceiveAsync(), new ErrorReply(StorageErrorCode.Unsupported, WriteOutcome.NotApplied, "no"));
        Assert.That((await reading.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.Unsupported));
    }

    [Test]
    public async Task A_page_of_rows_is_no_answer()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        Task<List<RangeHash>> reading = ReadAsync(client);
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReplyAsync(await link.ReceiveAsync(), new ScanPageMessage(default, 1, [1, (byte)'k', 0]));
        Assert.That((await reading.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.ProtocolError));
        Assert.That((await link.ReceiveCloseAsync())!.Code, Is.EqualTo(Transport.CloseReason.ProtocolError));
    }

    private static KeyRange Between(string start, string end) =>
        KeyRange.Between(System.Text.Encoding.UTF8.GetBytes(start), System.Text.Encoding.UTF8.GetBytes(end));

    private static async Task<List<RangeHash>> ReadAsync(WsStorageClient client, KeyRange? range = null)
    {
        List<RangeHash> hashes = [];
        await foreach (RangeHash hash in client.HashRangesAsync(new RangeHashOptions { Range = range ?? Range, RowsPerHash = 17 }))
        {
            hashes.Add(hash);
        }

        return hashes;
    }

    private static ValueTask ReplyAsync(ScriptedServer.Link link, ScriptedServer.Request request, params string[] ends)
    {
        List<byte> packed = [];
        foreach (string end in ends)
        {
            var hash = new RangeHash(new Revision(9), Between(string.Empty, end), 3, 99);
            byte[] field = new byte[RangeHashPageMessage.MeasureHash(hash)];
            var writer = new BodyWriter(field);
            RangeHashPageMessage.WriteHash(ref writer, hash);
            packed.AddRange(field);
        }

        return link.ReplyAsync(request, new RangeHashPageMessage(new Revision(9), ends.Length, packed.ToArray()));
    }
}
