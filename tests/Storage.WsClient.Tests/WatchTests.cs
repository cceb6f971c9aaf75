using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;
using WsStorage.Transport;

namespace WsStorage.WsClient.Tests;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class WatchTests
{
    private static readonly byte[] Key = "k"u8.ToArray();
    private static readonly Guid Epoch = Guid.NewGuid();

    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedServer _server = new();

    [Test]
    public async Task A_watch_tells_where_it_begins_and_then_each_batch_and_mark()
    {
        await using WsStorageClient client = CreateClient();
        var options = new WatchOptions
        {
            Range = KeyRange.Prefix("a/"),
            After = At(3),
            KeysOnly = true,
            PreviousValues = true,
            Invalidations = true,
            ProgressInterval = TimeSpan.FromSeconds(2),
        };
        IAsyncEnumerator<WatchEvent> watch = client.WatchAsync(options).GetAsyncEnumerator();
        Task<WatchEvent> next = watch.NextAsync();
        ScriptedServer.Link link = await _server.AcceptAsync();
        ScriptedServer.Request request = await link.ReceiveAsync();
        WatchRequest asked = WatchRequest.Read(request.Body);
        Assert.That((request.Type, asked.Options, asked.Credit), Is.EqualTo((MessageType.Watch, options, 1024L)));
        await link.ReplyAsync(request, new WatchMarkMessage(At(3)));
        Assert.That(await next, Is.EqualTo(WatchEvent.Progress(At(3))));
        byte[] operations = new WriteBatch().Put("a/1"u8, "v"u8).Remove("a/2"u8).PackedOperations.ToArray();
        byte[] previous = [(byte)PreviousValueKind.Absent, (byte)PreviousValueKind.Value, 1, (byte)'p'];
        DateTimeOffset when = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123);
        await link.ReplyAsync(request, new WatchBatchMessage(At(5), when, operations, previous));
        WatchEvent batch = await watch.NextAsync();
        Assert.That((batch.Kind, batch.Position, batch.CommitTime), Is.EqualTo((WatchEventKind.Changes, At(5), when)));
        Assert.That(batch.PackedOperations.ToArray(), Is.EqualTo(operations));
        Assert.That(batch.PackedPrevious.ToArray(), Is.EqualTo(previous));
        await link.ReplyAsync(request, new WatchMarkMessage(At(9)));
        Assert.That(await watch.NextAsync(), Is.EqualTo(WatchEvent.Progress(At(9))));
        await watch.DisposeAsync();
    }

    [Test]
    public async Task Credit_is_granted_again_when_the_reader_has_left_half_a_window_behind()
    {
        await using WsStorageClient client = CreateClient();
        (IAsyncEnumerator<WatchEvent> watch, ScriptedServer.Link link, ScriptedServer.Request request) = await BeginAsync(client);
        byte[] operations = new WriteBatch().Put(Key, new byte[190]).PackedOperations.ToArray();
        Assert.That(operations, Has.Length.EqualTo(195));
        for (ulong i = 1; i <= 6; i++)
        {
            await link.ReplyAsync(request, new WatchBatchMessage(At(i), default, operations, [2, 3, 1, 2, 3]));
        }

        // 200 bytes each. The reader leaves the first two behind, 400 of 1,024: not yet.
        await watch.NextAsync();
        await watch.NextAsync();
        await watch.NextAsync();
        Assert.That(link.HasRequest, Is.False);
        await watch.NextAsync();
        ScriptedServer.Request credit = await link.ReceiveAsync();
        Assert.That((credit.Type, credit.Id), Is.EqualTo((MessageType.Credit, request.Id)));
        Assert.That(CreditMessage.Read(credit.Body), Is.EqualTo(3 * 200));
        await watch.NextAsync();
        await watch.NextAsync();
        Task<WatchEvent> next = watch.NextAsync();
        credit = await link.ReceiveAsync();
        Assert.That(CreditMessage.Read(credit.Body), Is.EqualTo(3 * 200), "all that has come was granted again");

        // One that is larger than the window costs what it is.
        await link.ReplyAsync(request, new WatchBatchMessage(At(7), default, new WriteBatch().Put(Key, new byte[5000]).PackedOperations, default));
        await next;
        Task<WatchEvent> last = watch.NextAsync();
        Assert.That(CreditMessage.Read((await link.ReceiveAsync()).Body), Is.EqualTo(5005));
        await link.ReplyAsync(request, new WatchMarkMessage(At(8)));
        await last;
        await watch.DisposeAsync();
    }

    [Test]
    public async Task Of_the_marks_that_nobody_has_taken_the_last_is_told_and_where_the_watch_begins_always()
    {
        await using WsStorageClient client = CreateClient();
        (IAsyncEnumerator<WatchEvent> watch, ScriptedServer.Link link, ScriptedServer.Request request) = await BeginAsync(client, take: false);
        await link.ReplyAsync(request, new WatchMarkMessage(At(1)));
        await link.ReplyAsync(request, new WatchMarkMessage(At(2)));
        await link.ReplyAsync(request, Batch(3));
        await link.ReplyAsync(request, new WatchMarkMessage(At(4)));
        await link.ReplyAsync(request, new WatchMarkMessage(At(5)));
        await SyncAsync(client, link);
        Assert.That((await watch.NextAsync()).Position, Is.EqualTo(At(0)));
        Assert.That((await watch.NextAsync()).Position, Is.EqualTo(At(3)));
        Assert.That(await watch.NextAsync(), Is.EqualTo(WatchEvent.Progress(At(5))));
        await watch.DisposeAsync();
    }

    [Test]
    public async Task Invalidations_come_with_the_position_that_was_told_and_do_not_pile_up()
    {
        await using WsStorageClient client = CreateClient();
        (IAsyncEnumerator<WatchEvent> watch, ScriptedServer.Link link, ScriptedServer.Request request) = await BeginAsync(client);
        KeyRange a = KeyRange.Prefix("a");
        KeyRange b = KeyRange.Prefix("b");
        await link.ReplyAsync(request, Batch(3));
        await link.ReplyAsync(request, new WatchInvalidationMessage([a]));
        await link.ReplyAsync(request, Batch(4));
        await link.ReplyAsync(request, new WatchInvalidationMessage([b]));
        await SyncAsync(client, link);
        Assert.That((await watch.NextAsync()).Position, Is.EqualTo(At(3)));
        WatchEvent invalidation = await watch.NextAsync();
        Assert.That((invalidation.Kind, invalidation.Position), Is.EqualTo((WatchEventKind.Invalidation, At(3))));
        Assert.That(invalidation.InvalidatedRanges, Is.EqualTo(new[] { a, b }), "both at once, the later one early");
        Assert.That((await watch.NextAsync()).Position, Is.EqualTo(At(4)));
        await link.ReplyAsync(request, new WatchInvalidationMessage(new KeyRange[40_000]));
        await link.ReplyAsync(request, new WatchInvalidationMessage([.. Enumerable.Repeat(a, 40_000)]));
        await SyncAsync(client, link);
        invalidation = await watch.NextAsync();
        Assert.That((invalidation.Position, invalidation.InvalidatedRanges.Count), Is.EqualTo((At(4), 1)));
        Assert.That(invalidation.InvalidatedRanges[0], Is.EqualTo(KeyRange.All), "too many to tell each");
        await watch.DisposeAsync();
    }

    [Test]
    public async Task Invalidations_that_wait_for_their_reader_are_bounded_in_bytes()
    {
        await using WsStorageClient client = CreateClient();
        (IAsyncEnumerator<WatchEvent> watch, ScriptedServer.Link link, ScriptedServer.Request request) = await BeginAsync(client);
        await link.ReplyAsync(request, Batch(3));
        KeyRange large = KeyRange.Between(new byte[60_000], KeyRange.All.End);
        for (int i = 0; i < 4; i++)
        {
            await link.ReplyAsync(request, new WatchInvalidationMessage([large]));
        }

        await SyncAsync(client, link);
        await watch.NextAsync();
        Assert.That((await watch.NextAsync()).InvalidatedRanges, Is.EqualTo(Enumerable.Repeat(large, 4)));
        await link.ReplyAsync(request, Batch(4));
        for (int i = 0; i < 5; i++)
        {
            await link.ReplyAsync(request, new WatchInvalidationMessage([large]));
        }

        await SyncAsync(client, link);
        await watch.NextAsync();
        Assert.That((await watch.NextAsync()).InvalidatedRanges, Is.EqualTo(new[] { KeyRange.All }), "too much to tell each");
        await watch.DisposeAsync();
    }

    [TestCase("batch first")]
    [TestCase("invalidation first")]
    [TestCase("mark back")]
    [TestCase("mark of another hash")]
    [TestCase("mark of another epoch")]
    [TestCase("batch again")]
    [TestCase("batch back")]
    [TestCase("end")]
    [TestCase("reply")]
    [TestCase("malformed")]
    public async Task What_makes_no_sense_ends_the_watch_and_the_connection(string what)
    {
        await using WsStorageClient client = CreateClient();
        (IAsyncEnumerator<WatchEvent> watch, ScriptedServer.Link link, ScriptedServer.Request request) = await BeginAsync(client, mark: false);
        Task<bool> next;
        if (what.EndsWith("first", StringComparison.Ordinal))
        {
            next = watch.MoveNextAsync().AsTask();
        }
        else
        {
            Task<WatchEvent> mark = watch.NextAsync();
            await link.ReplyAsync(request, new WatchMarkMessage(At(5)));
            await mark;
            next = watch.MoveNextAsync().AsTask();
        }

        await (what switch
        {
            "mark back" => link.ReplyAsync(request, new WatchMarkMessage(At(4))),
            "mark of another hash" => link.ReplyAsync(request, new WatchMarkMessage(At(5) with { Hash = 1 })),
            "mark of another epoch" => link.ReplyAsync(request, new WatchMarkMessage(At(6) with { Epoch = Guid.NewGuid() })),
            "batch again" => link.ReplyAsync(request, Batch(5)),
            "batch back" => link.ReplyAsync(request, Batch(4)),
            "batch first" => link.ReplyAsync(request, Batch(6)),
            "invalidation first" => link.ReplyAsync(request, new WatchInvalidationMessage([KeyRange.All])),
            "end" => link.ReplyAsync(request, new EndMessage(cancelled: false)),
            "reply" => link.ReplyAsync(request, new GetReply(default, found: false, default)),
            _ => link.SendRawAsync([0x80, ProtocolConstants.Separator, (byte)MessageType.WatchMark, .. request.Id.ToString().Select(digit => (byte)digit)]),
        });
        Assert.That((await next.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.ProtocolError));
        Assert.That((await link.ReceiveCloseAsync())!.Code, Is.EqualTo(CloseReason.ProtocolError));
    }

    [TestCase(StorageErrorCode.Compacted)]
    [TestCase(StorageErrorCode.EpochChanged)]
    [TestCase(StorageErrorCode.Diverged)]
    [TestCase(StorageErrorCode.LimitExceeded)]
    [TestCase(StorageErrorCode.Unsupported)]
    public async Task A_refusal_by_the_server_ends_the_watch_after_what_came_before(StorageErrorCode code)
    {
        await using WsStorageClient client = CreateClient();
        (IAsyncEnumerator<WatchEvent> watch, ScriptedServer.Link link, ScriptedServer.Request request) = await BeginAsync(client, take: false);
        await link.ReplyAsync(request, Batch(1));
        await link.ReplyAsync(request, new ErrorReply(code, WriteOutcome.NotApplied, "no more"));
        await SyncAsync(client, link);
        await watch.NextAsync();
        await watch.NextAsync();
        StorageException error = await watch.MoveNextAsync().AsTask().FailureAsync();
        Assert.That((error.Code, error.Message), Is.EqualTo((code, "no more")));
        Assert.That(client.State, Is.EqualTo(ConnectionState.Connected));
    }

    [Test]
    public async Task A_watch_that_is_left_is_cancelled_and_what_still_comes_of_it_is_dropped()
    {
        await using WsStorageClient client = CreateClient();
        (IAsyncEnumerator<WatchEvent> watch, ScriptedServer.Link link, ScriptedServer.Request request) = await BeginAsync(client);
        await watch.DisposeAsync();
        ScriptedServer.Request cancel = await link.ReceiveAsync();
        Assert.That((cancel.Type, cancel.Id), Is.EqualTo((MessageType.Cancel, request.Id)));
        await link.ReplyAsync(request, Batch(1));
        await link.ReplyAsync(request, new EndMessage(cancelled: true));
        IAsyncEnumerator<WatchEvent> other = client.WatchAsync(new WatchOptions()).GetAsyncEnumerator();
        Task<WatchEvent> mark = other.NextAsync();
        ScriptedServer.Request second = await link.ReceiveAsync();
        Assert.That(second.Id, Is.Not.EqualTo(request.Id));
        await link.ReplyAsync(second, new WatchMarkMessage(At(1)));
        await mark;
        await other.DisposeAsync();
        Assert.That(client.State, Is.EqualTo(ConnectionState.Connected));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Cancellation_ends_a_watch_with_or_without_a_connection(bool connected)
    {
        await using WsStorageClient client = CreateClient();
        using var cancellation = new CancellationTokenSource();
        _server.Refuse = _ => connected ? null : new StorageException(StorageErrorCode.ConnectFailed, "down");
        _server.Random = () => 1;
        IAsyncEnumerator<WatchEvent> watch = client.WatchAsync(new WatchOptions(), cancellation.Token).GetAsyncEnumerator();
        Task<bool> next = watch.MoveNextAsync().AsTask();
        if (connected)
        {
            await (await _server.AcceptAsync()).ReceiveAsync();
        }
        else
        {
            await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(100));
        }

        await cancellation.CancelAsync();
        await Assert.ThatAsync(() => next.Soon(), Throws.InstanceOf<OperationCanceledException>());
        _server.Refuse = _ => null;
        _time.Advance(TimeSpan.FromMilliseconds(100));
        await client.ConnectAsync().AsTask().Soon();
        if (!connected)
        {
            Task<GetResult> get = client.GetAsync(Key).AsTask();
            ScriptedServer.Link link = await _server.AcceptAsync();
            ScriptedServer.Request request = await link.ReceiveAsync();
            Assert.That(request.Type, Is.EqualTo(MessageType.Get), "a watch that was cancelled is not begun");
            await link.ReplyAsync(request, new GetReply(default, found: false, default));
            await get.Soon();
        }
    }

    [Test]
    public async Task Watches_take_no_room_from_requests()
    {
        _server.Limits = _server.Limits with { MaxRequestsInFlight = 1, MaxWatches = 3 };
        await using WsStorageClient client = CreateClient();
        IAsyncEnumerator<WatchEvent>[] watches = [.. Enumerable.Range(0, 5).Select(_ => client.WatchAsync(new WatchOptions()).GetAsyncEnumerator())];
        Task<bool>[] first = [.. watches.Select(watch => watch.MoveNextAsync().AsTask())];
        ScriptedServer.Link link = await _server.AcceptAsync();
        for (int i = 0; i < watches.Length; i++)
        {
            Assert.That((await link.ReceiveAsync()).Type, Is.EqualTo(MessageType.Watch));
        }

        await SyncAsync(client, link);
        Assert.That(first, Has.All.Property("IsCompleted").False);
    }

    private static Position At(ulong revision) => new(Epoch, new Revision(revision), revision * 7);

    private static WatchBatchMessage Batch(ulong revision) =>
        new(At(revision), default, new WriteBatch().Put(Key, Key).PackedOperations, default);

    /// <summary>Waits until the client has taken all that was sent so far.</summary>
    private static async Task SyncAsync(WsStorageClient client, ScriptedServer.Link link)
    {
        Task<GetResult> get = client.GetAsync(Key).AsTask();
        await link.ReplyAsync(await link.ReceiveAsync(), new GetReply(default, found: false, default));
        await get.Soon();
    }

    private async Task<(IAsyncEnumerator<WatchEvent> Watch, ScriptedServer.Link Link, ScriptedServer.Request Request)> BeginAsync(
        WsStorageClient client, bool mark = true, bool take = true)
    {
        // A reader that has not asked has not begun: the first event is asked for, and taken out by a watch that waits.
        IAsyncEnumerator<WatchEvent> watch = new EagerWatch(client.WatchAsync(new WatchOptions { Invalidations = true }).GetAsyncEnumerator());
        ScriptedServer.Link link = await _server.AcceptAsync();
        ScriptedServer.Request request = await link.ReceiveAsync();
        if (mark)
        {
            await link.ReplyAsync(request, new WatchMarkMessage(At(0)));
            if (take)
            {
                Assert.That(await watch.NextAsync(), Is.EqualTo(WatchEvent.Progress(At(0))));
            }
        }

        return (watch, link, request);
    }

    private WsStorageClient CreateClient() =>
        _server.CreateClient(options => options with { TimeProvider = _time, WatchWindowBytes = 1024 });

    /// <summary>Asks for its first event when it is made, so that the watch begins.</summary>
    private sealed class EagerWatch(IAsyncEnumerator<WatchEvent> watch) : IAsyncEnumerator<WatchEvent>
    {
        private Task<bool>? _first = watch.MoveNextAsync().AsTask();

        public WatchEvent Current => watch.Current;

        public ValueTask<bool> MoveNextAsync()
        {
            Task<bool>? first = _first;
            _first = null;
            return first is null ? watch.MoveNextAsync() : new ValueTask<bool>(first);
        }

        public ValueTask DisposeAsync() => watch.DisposeAsync();
    }
}
