using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;
using WsStorage.Transport;

namespace WsStorage.WsClient.Tests;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class WatchResumeTests
{
    private static readonly byte[] Key = "k"u8.ToArray();
    private static readonly Guid Epoch = Guid.NewGuid();

    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedServer _server = new();

    [TestCase(false)]
    [TestCase(true)]
    public async Task Before_its_first_mark_a_watch_begins_again_as_it_was_asked_for(bool after)
    {
        await using WsStorageClient client = CreateClient();
        var options = new WatchOptions { Range = KeyRange.Prefix("a"), After = after ? At(4) : null };
        IAsyncEnumerator<WatchEvent> watch = client.WatchAsync(options).GetAsyncEnumerator();
        Task<WatchEvent> next = watch.NextAsync();
        ScriptedServer.Link link = await _server.AcceptAsync();
        for (int loss = 0; loss < 3; loss++)
        {
            await link.ReceiveAsync();
            link.Cut();
            link = await _server.AcceptAsync();
        }

        ScriptedServer.Request request = await link.ReceiveAsync();
        WatchRequest asked = WatchRequest.Read(request.Body);
        Assert.That((asked.Options, asked.Credit), Is.EqualTo((options, 1024L)));
        await link.ReplyAsync(request, new WatchMarkMessage(At(4)));
        Assert.That(await next, Is.EqualTo(WatchEvent.Progress(At(4))));
        await watch.DisposeAsync();
    }

    [Test]
    public async Task A_watch_goes_on_after_the_last_event_that_has_arrived_and_keeps_those_that_nobody_has_read()
    {
        await using WsStorageClient client = CreateClient();
        IAsyncEnumerator<WatchEvent> watch = client.WatchAsync(new WatchOptions()).GetAsyncEnumerator();
        Task<WatchEvent> first = watch.NextAsync();
        ScriptedServer.Link link = await _server.AcceptAsync();
        ScriptedServer.Request request = await link.ReceiveAsync();
        await link.ReplyAsync(request, new WatchMarkMessage(At(1)));
        await first;
        link = await LoseAsync(link);
        request = await ExpectAsync(link, 1, 1024);

        // Cut after batches that wait for the reader: they are kept, and count against the credit.
        await link.ReplyAsync(request, new WatchMarkMessage(At(1)));
        await link.ReplyAsync(request, Batch(2, 300));
        await link.ReplyAsync(request, Batch(3, 300));
        await SyncAsync(client, link);
        link = await LoseAsync(link);
        request = await ExpectAsync(link, 3, 1024 - 600);

        // More than the window: no credit at all, and what is read gives some back.
        await link.ReplyAsync(request, new WatchMarkMessage(At(3)));
        await link.ReplyAsync(request, Batch(4, 900));
        await SyncAsync(client, link);
        link = await LoseAsync(link);
        request = await ExpectAsync(link, 4, 0);
        await link.ReplyAsync(request, new WatchMarkMessage(At(4)));
        Assert.That((await watch.NextAsync()).Position, Is.EqualTo(At(2)));
        Assert.That((await watch.NextAsync()).Position, Is.EqualTo(At(3)));
        Assert.That((await watch.NextAsync()).Position, Is.EqualTo(At(4)));
        Task<WatchEvent> next = watch.NextAsync();
        ScriptedServer.Request credit = await link.ReceiveAsync();
        Assert.That((credit.Type, credit.Id, CreditMessage.Read(credit.Body)), Is.EqualTo((MessageType.Credit, request.Id, 1024L)));

        // Cut after a mark, and after one that says nothing new.
        await link.ReplyAsync(request, new WatchMarkMessage(At(7)));
        Assert.That(await next, Is.EqualTo(WatchEvent.Progress(At(7))));
        next = watch.NextAsync();
        link = await LoseAsync(link);
        request = await ExpectAsync(link, 7, 1024);
        await link.ReplyAsync(request, new WatchMarkMessage(At(7)));
        await SyncAsync(client, link);
        Assert.That(next.IsCompleted, Is.False, "the reader knows that already");
        await link.ReplyAsync(request, Batch(8, 10));
        Assert.That((await next).Position, Is.EqualTo(At(8)));
        await watch.DisposeAsync();
    }

    [Test]
    public async Task A_server_that_begins_again_before_where_the_watch_is_breaks_the_protocol()
    {
        await using WsStorageClient client = CreateClient();
        IAsyncEnumerator<WatchEvent> watch = client.WatchAsync(new WatchOptions { After = At(4) }).GetAsyncEnumerator();
        Task<bool> first = watch.MoveNextAsync().AsTask();
        ScriptedServer.Link link = await _server.AcceptAsync();
        ScriptedServer.Request request = await link.ReceiveAsync();
        await link.ReplyAsync(request, new WatchMarkMessage(At(3)));
        Assert.That((await first.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.ProtocolError));
        Assert.That((await link.ReceiveCloseAsync())!.Code, Is.EqualTo(CloseReason.ProtocolError));
    }

    [TestCase(StorageErrorCode.ShuttingDown)]
    [TestCase(StorageErrorCode.Closed)]
    [TestCase(StorageErrorCode.ConnectionLost)]
    public async Task A_server_that_can_not_go_on_for_now_is_asked_again_after_a_while_or_the_next_one_at_once(StorageErrorCode code)
    {
        await using WsStorageClient client = CreateClient();
        IAsyncEnumerator<WatchEvent> watch = client.WatchAsync(new WatchOptions()).GetAsyncEnumerator();
        Task<WatchEvent> next = watch.NextAsync();
        ScriptedServer.Link link = await _server.AcceptAsync();
        ScriptedServer.Request request = await link.ReceiveAsync();
        await link.ReplyAsync(request, new WatchMarkMessage(At(2)));
        await next;
        next = watch.NextAsync();
        await link.ReplyAsync(request, new ErrorReply(code, WriteOutcome.NotApplied, "for now"));
        await SyncAsync(client, link);
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.That(link.HasRequest, Is.False);
        _time.Advance(TimeSpan.FromSeconds(2));
        request = await ExpectAsync(link, 2, 1024);
        await link.ReplyAsync(request, new ErrorReply(code, WriteOutcome.NotApplied, "for now"));
        await SyncAsync(client, link);
        link = await LoseAsync(link);
        request = await ExpectAsync(link, 2, 1024);
        await link.ReplyAsync(request, new WatchMarkMessage(At(2)));
        await link.ReplyAsync(request, Batch(3, 10));
        Assert.That((await next).Position, Is.EqualTo(At(3)));
        await watch.DisposeAsync();
    }

    [Test]
    public async Task Disposing_ends_watches_that_wait_for_a_connection()
    {
        WsStorageClient client = CreateClient();
        IAsyncEnumerator<WatchEvent> watch = client.WatchAsync(new WatchOptions()).GetAsyncEnumerator();
        Task<WatchEvent> mark = watch.NextAsync();
        ScriptedServer.Link link = await _server.AcceptAsync();
        ScriptedServer.Request request = await link.ReceiveAsync();
        await link.ReplyAsync(request, new WatchMarkMessage(At(2)));
        await mark;
        Task<bool> next = watch.MoveNextAsync().AsTask();
        _server.Random = () => 1;
        link.Cut();
        await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(100));
        await client.DisposeAsync().AsTask().Soon();
        Assert.That((await next.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.Closed));
        StorageException late = await client.WatchAsync(new WatchOptions()).GetAsyncEnumerator().MoveNextAsync().AsTask().FailureAsync();
        Assert.That(late.Code, Is.EqualTo(StorageErrorCode.Closed));
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    public async Task No_watch_skips_or_repeats_wherever_the_link_is_cut_and_however_slow_its_reader_is(int seed)
    {
        const int Revisions = 800;
        var random = new Random(seed);
        await using WsStorageClient client = CreateClient();
        var server = new WatchServer(_server, new Random(random.Next()), Revisions);
        Task serving = server.ServeAsync();
        Task<int>[] readers = [.. Enumerable.Range(0, 16).Select(i => ReadAsync(client, i, new Random(random.Next()), Revisions))];
        int[] counts = await Task.WhenAll(readers).WaitAsync(TimeSpan.FromSeconds(100));
        Assert.That(counts.Sum(), Is.GreaterThan(Revisions));
        Assert.That(server.Cut, Is.GreaterThan(10), "the link was hardly ever cut");
        Assert.That(server.Repeated, Is.GreaterThan(Revisions / 10), "hardly anything was repeated");
        await client.DisposeAsync();
        _server.Stop();
        await serving.Soon();
    }

    /// <summary>Reads a range of so many keys to the last revision, and finds in it what was committed there, each once.</summary>
    private static Task<int> ReadAsync(WsStorageClient client, int keys, Random random, int revisions) => Task.Run(async () =>
    {
        KeyRange range = KeyRange.Between(new byte[] { 0 }, new[] { (byte)(keys + 1) });
        int told = -1;
        int count = 0;
        await foreach (WatchEvent each in client.WatchAsync(new WatchOptions { Range = range }))
        {
            int revision = (int)each.Revision.Value;
            Assert.That(each.Position, Is.EqualTo(WatchServer.At(revision)));
            if (each.Kind == WatchEventKind.Changes)
            {
                int expected = Enumerable.Range(told + 1, revisions).First(next => range.Contains(WatchServer.KeyOf(next)));
                Assert.That(revision, Is.EqualTo(expected), $"after {told}");
                foreach (Change change in each)
                {
                    Assert.That(change.Value.ToArray(), Is.EqualTo(WatchServer.ValueOf(revision)));
                }

                count++;
            }
            else if (told >= 0)
            {
                Assert.That(revision, Is.GreaterThan(told));
                Assert.That(Enumerable.Range(told + 1, revision - told).Where(next => range.Contains(WatchServer.KeyOf(next))), Is.Empty);
            }

            told = revision;
            for (int pause = random.Next(20) == 0 ? random.Next(50) : 0; pause > 0; pause--)
            {
                await Task.Yield();
            }

            if (told == revisions)
            {
                return count;
            }
        }

        throw new AssertionException("a watch never just ends");
    });

    private static Position At(ulong revision) => new(Epoch, new Revision(revision), revision * 7);

    private static WatchBatchMessage Batch(ulong revision, int bytes) =>
        new(At(revision), default, new WriteBatch().Put(Key, new byte[bytes - (bytes > 132 ? 5 : 4)]).PackedOperations, default);

    private static async Task SyncAsync(WsStorageClient client, ScriptedServer.Link link)
    {
        Task<GetResult> get = client.GetAsync(Key).AsTask();
        await link.ReplyAsync(await link.ReceiveAsync(), new GetReply(default, found: false, default));
        await get.Soon();
    }

    private static async Task<ScriptedServer.Request> ExpectAsync(ScriptedServer.Link link, ulong after, long credit)
    {
        ScriptedServer.Request request = await link.ReceiveAsync();
        WatchRequest asked = WatchRequest.Read(request.Body);
        Assert.That((asked.Options.After, asked.Credit), Is.EqualTo(((Position?)At(after), credit)));
        return request;
    }

    private async Task<ScriptedServer.Link> LoseAsync(ScriptedServer.Link link)
    {
        link.Cut();
        return await _server.AcceptAsync();
    }

    private WsStorageClient CreateClient() =>
        _server.CreateClient(options => options with { TimeProvider = _time, WatchWindowBytes = 1024 });
}
