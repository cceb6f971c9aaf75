using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;
using WsStorage.Transport;

namespace WsStorage.WsClient.Tests;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class ReconnectionTests
{
    private static readonly byte[] Key = "k"u8.ToArray();
    private static readonly StorageException NobodyThere = new(StorageErrorCode.ConnectFailed, "nobody there");
    private static readonly StorageException Refused = new(StorageErrorCode.AuthenticationFailed, "the certificate has expired");

    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedServer _server = new() { Random = () => 0.5 };

    [Test]
    public async Task Attempts_follow_each_other_after_growing_waits_until_one_succeeds()
    {
        _server.Refuse = _ => NobodyThere;
        await using WsStorageClient client = CreateClient();
        await client.ConnectAsync().AsTask().FailureAsync();
        int attempts = 1;
        foreach (int wait in new[] { 50, 100, 200, 400, 800, 1600, 3200, 5000, 5000 })
        {
            await WaitAsync(wait, attempts++);
        }

        await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(5000));
        _server.Refuse = _ => null;
        _time.Advance(TimeSpan.FromMilliseconds(5000));
        await _server.AcceptAsync();
        Assert.That(_server.Tried, Has.Count.EqualTo(attempts + 1));
    }

    [Test]
    public async Task Waits_begin_small_again_after_a_connection_that_was_of_use_and_grow_on_after_one_that_was_not()
    {
        await using WsStorageClient client = CreateClient();
        await client.ConnectAsync();
        (await _server.AcceptAsync()).Cut();
        await WaitAsync(50, 1);
        (await _server.AcceptAsync()).Cut();
        await WaitAsync(100, 2);
        ScriptedServer.Link link = await _server.AcceptAsync();
        Task<GetResult> get = client.GetAsync(Key).AsTask();
        await link.ReplyAsync(await link.ReceiveAsync(), new GetReply(default, found: false, default));
        await get.Soon();
        link.Cut();
        await WaitAsync(50, 3);
        link = await _server.AcceptAsync();

        // The time of a connection begins when the client has it, not when the server does.
        await client.ConnectAsync().AsTask().Soon();
        _time.Advance(TimeSpan.FromSeconds(11));
        link.Cut();
        await WaitAsync(50, 4);
    }

    [TestCase(CloseReason.MessageTooBig)]
    [TestCase(CloseReason.ProtocolError)]
    [TestCase(CloseReason.InternalError)]
    public async Task Waits_grow_on_after_a_connection_that_the_same_requests_will_end_again(int code)
    {
        await using WsStorageClient client = CreateClient();
        Task<GetResult> get = client.GetAsync(Key).AsTask();
        Task<StorageInfo> info = client.GetInfoAsync().AsTask();
        ScriptedServer.Link link = await _server.AcceptAsync();
        await link.ReplyAsync(await link.ReceiveAsync(), new GetReply(default, found: false, default));
        await get.Soon();
        await link.CloseAsync(new CloseReason(code, "no"));
        await WaitAsync(50, 1);
        link = await _server.AcceptAsync();
        await link.ReplyAsync(await link.ReceiveAsync(), new GetReply(default, found: false, default));
        Assert.That((await info.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.ProtocolError));
        await WaitAsync(100, 2);
    }

    [Test]
    public async Task What_happens_is_logged_with_attempt_wait_and_reason()
    {
        var log = new RecordingLogger();
        await using WsStorageClient client = _server.CreateClient(options => options with { TimeProvider = _time, LoggerFactory = log, MaxReconnectAttempts = 2 });
        await client.ConnectAsync();
        _server.Refuse = _ => NobodyThere;
        (await _server.AcceptAsync()).Cut();
        await WaitAsync(50, 1);
        await WaitAsync(100, 2);
        await log.WaitForAsync("no more attempts");
        Assert.That(log.Lines, Has.Some.Contains("Connected to wss://scripted/storage"));
        Assert.That(log.Lines, Has.Some.Match("Lost the connection to wss://scripted/storage; an attempt follows in 00:00:00.05.*"));
        Assert.That(log.Lines, Has.Some.Match("No connection, attempt 1; the next follows in 00:00:00.1.*: nobody there"));
        Assert.That(log.Lines, Has.Some.Contains("no more attempts after 2: nobody there"));
    }

    [TestCase(CloseReason.GoingAway)]
    [TestCase(1013)]
    public async Task A_close_by_the_server_is_followed_by_a_new_attempt(int code)
    {
        await using WsStorageClient client = CreateClient();
        await client.ConnectAsync();
        await (await _server.AcceptAsync()).CloseAsync(new CloseReason(code, "later"));
        await WaitAsync(50, 1);
        await _server.AcceptAsync();
    }

    [Test]
    public async Task A_client_that_was_superseded_says_so_and_comes_back_only_after_the_longest_wait()
    {
        await using WsStorageClient client = CreateClient();
        var told = new TaskCompletionSource<StorageException>(TaskCreationOptions.RunContinuationsAsynchronously);
        client.StateChanged += (_, change) =>
        {
            if (change.State == ConnectionState.Disconnected)
            {
                told.TrySetResult(change.Reason!);
            }
        };
        await client.ConnectAsync();
        await (await _server.AcceptAsync()).CloseAsync(new CloseReason(CloseReason.Superseded, "superseded"));
        Assert.That((await told.Task.Soon()).Message, Does.Contain("Another connection with the client id").And.Contain("superseded"));
        await WaitAsync(10_000, 1);
        await _server.AcceptAsync();
    }

    [Test]
    public async Task Urls_are_tried_in_their_order_at_each_attempt()
    {
        Uri[] urls = [new("wss://first/storage"), new("wss://second/storage"), new("wss://third/storage")];
        _server.Refuse = url => url == urls[2] ? null : NobodyThere;
        await using WsStorageClient client = _server.CreateClient(options => options with
        {
            TimeProvider = _time,
            Url = urls[0],
            FallbackUrls = urls[1..],
        });
        await client.ConnectAsync();
        Assert.That(_server.Tried, Is.EqualTo(urls));
        _server.Refuse = url => url == urls[1] ? null : NobodyThere;
        (await _server.AcceptAsync()).Cut();
        await WaitAsync(50, 3);
        await _server.AcceptAsync();
        Assert.That(_server.Tried, Is.EqualTo(urls.Concat(urls[..2])));
    }

    [Test]
    public async Task An_attempt_that_fails_everywhere_says_why_for_each_url_and_is_lasting_only_if_all_are()
    {
        var second = new Uri("wss://second/storage");
        _server.Refuse = url => url == second ? NobodyThere : Refused;
        await using WsStorageClient client = _server.CreateClient(options => options with { TimeProvider = _time, FallbackUrls = [second] });
        Task<GetResult> get = client.GetAsync(Key).AsTask();
        StorageException error = await client.ConnectAsync().AsTask().FailureAsync();
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.ConnectFailed));
        Assert.That(error.Message, Does.Contain("wss://scripted/storage: the certificate").And.Contain("wss://second/storage: nobody"));
        Assert.That(get.IsCompleted, Is.False, "the second URL may still come back");
        _server.Refuse = _ => Refused;
        await WaitAsync(50, 2);
        Assert.That((await get.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.AuthenticationFailed));
    }

    [Test]
    public async Task An_attempt_that_takes_too_long_at_one_url_goes_on_to_the_next()
    {
        var second = new Uri("wss://second/storage");
        _server.IsMute = true;
        await using WsStorageClient client = _server.CreateClient(options => options with { TimeProvider = _time, FallbackUrls = [second] });
        Task connecting = client.ConnectAsync().AsTask();
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(15));
        _server.IsMute = false;
        _time.Advance(TimeSpan.FromSeconds(15));
        await connecting.Soon();
        Assert.That(_server.Tried.Last(), Is.EqualTo(second));
    }

    [Test]
    public async Task Who_does_not_answer_is_named_by_the_url_that_is_connected_to()
    {
        var second = new Uri("wss://second/storage");
        _server.Refuse = url => url == second ? null : NobodyThere;
        await using WsStorageClient client = _server.CreateClient(options => options with { TimeProvider = _time, FallbackUrls = [second] });
        await client.ConnectAsync();
        Task<GetResult> get = client.GetAsync(Key).AsTask();
        await (await _server.AcceptAsync()).ReceiveAsync();
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.That((await get.FailureAsync()).Message, Does.StartWith("wss://second/storage did not answer"));
    }

    [Test]
    public async Task When_the_attempts_are_spent_what_waits_fails_and_the_next_call_begins_anew()
    {
        await using WsStorageClient client = _server.CreateClient(options => options with { TimeProvider = _time, MaxReconnectAttempts = 3 });
        IAsyncEnumerator<WatchEvent> watch = client.WatchAsync(new WatchOptions()).GetAsyncEnumerator();
        Task<WatchEvent> mark = watch.NextAsync();
        ScriptedServer.Link link = await _server.AcceptAsync();
        await link.ReplyAsync(await link.ReceiveAsync(), new WatchMarkMessage(default));
        await mark;
        _server.Refuse = _ => NobodyThere;
        Task<bool> next = watch.MoveNextAsync().AsTask();
        link.Cut();
        await WaitAsync(50, 1);
        Task<Revision> put = client.PutAsync(Key, Key).AsTask();
        await WaitAsync(100, 2);
        await WaitAsync(200, 3);
        StorageException error = await put.FailureAsync();
        Assert.That((error.Code, error.Outcome), Is.EqualTo((StorageErrorCode.ConnectFailed, WriteOutcome.NotApplied)));
        Assert.That(error.Message, Does.Contain("3 attempts").And.Contain(nameof(WsStorageClientOptions.MaxReconnectAttempts)).And.Contain("nobody there"));
        Assert.That((await next.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.ConnectFailed));
        Assert.That(client.State, Is.EqualTo(ConnectionState.Disconnected));
        _server.Refuse = _ => null;
        Task<GetResult> get = client.GetAsync(Key).AsTask();
        link = await _server.AcceptAsync();
        await link.ReplyAsync(await link.ReceiveAsync(), new GetReply(default, found: false, default));
        await get.Soon();
        Assert.That(_server.Tried, Has.Count.EqualTo(5), "one connection, three attempts that failed, one more");
    }

    [Test]
    public async Task Without_a_connection_an_operation_waits_for_its_time_and_then_says_why_there_is_none()
    {
        _server.Refuse = _ => NobodyThere;
        await using WsStorageClient client = CreateClient();
        Task<GetResult> get = client.GetAsync(Key).AsTask();
        Task<Revision> put = client.PutAsync(Key, Key).AsTask();
        await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(50));
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.That((get.IsCompleted, put.IsCompleted), Is.EqualTo((false, false)));
        _time.Advance(TimeSpan.FromSeconds(2));
        StorageException read = await get.FailureAsync();
        StorageException written = await put.FailureAsync();
        Assert.That((read.Code, read.Outcome), Is.EqualTo((StorageErrorCode.Timeout, WriteOutcome.NotApplied)));
        Assert.That((written.Code, written.Outcome), Is.EqualTo((StorageErrorCode.Timeout, WriteOutcome.NotApplied)));
        Assert.That(written.Message, Does.Contain("nobody there").And.Contain("Nothing was changed"));
    }

    [Test]
    public async Task What_waiting_will_not_cure_fails_at_once_but_for_watches_that_had_begun()
    {
        await using WsStorageClient client = CreateClient();
        IAsyncEnumerator<WatchEvent> begun = client.WatchAsync(new WatchOptions()).GetAsyncEnumerator();
        Task<WatchEvent> mark = begun.NextAsync();
        ScriptedServer.Link link = await _server.AcceptAsync();
        await link.ReplyAsync(await link.ReceiveAsync(), new WatchMarkMessage(new Position(default, new Revision(5), 9)));
        await mark;
        Task<WatchEvent> next = begun.NextAsync();
        _server.Refuse = _ => Refused;
        link.Cut();
        await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(50));
        Task<Revision> put = client.PutAsync(Key, Key).AsTask();
        IAsyncEnumerator<WatchEvent> fresh = client.WatchAsync(new WatchOptions()).GetAsyncEnumerator();
        Task<bool> first = fresh.MoveNextAsync().AsTask();
        _time.Advance(TimeSpan.FromMilliseconds(50));
        Assert.That((await put.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.AuthenticationFailed));
        Assert.That((await first.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.AuthenticationFailed));
        Assert.That(next.IsCompleted, Is.False);
        _server.Refuse = _ => null;
        await WaitAsync(100, 2);
        link = await _server.AcceptAsync();
        ScriptedServer.Request again = await link.ReceiveAsync();
        Assert.That(WatchRequest.Read(again.Body).Options.After!.Value.Revision, Is.EqualTo(new Revision(5)));
        await link.ReplyAsync(again, new WatchMarkMessage(new Position(default, new Revision(6), 10)));
        Assert.That((await next).Revision, Is.EqualTo(new Revision(6)));
    }

    [Test]
    public async Task A_first_connect_fails_at_its_first_attempt_and_the_client_goes_on_trying()
    {
        _server.Failures.Enqueue(NobodyThere);
        await using WsStorageClient client = CreateClient();
        StorageException error = await client.ConnectAsync().AsTask().FailureAsync();
        Assert.That((error.Code, error.Message), Is.EqualTo((StorageErrorCode.ConnectFailed, "nobody there")));
        await WaitAsync(50, 1);
        await _server.AcceptAsync();
    }

    [Test]
    public async Task Disposing_ends_a_client_that_waits_for_its_next_attempt()
    {
        _server.Refuse = _ => NobodyThere;
        WsStorageClient client = CreateClient();
        Task<Revision> put = client.PutAsync(Key, Key).AsTask();
        Task<bool> watch = client.WatchAsync(new WatchOptions()).GetAsyncEnumerator().MoveNextAsync().AsTask();
        await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(50));
        Task connecting = client.ConnectAsync().AsTask();
        await client.DisposeAsync().AsTask().Soon();
        Assert.That((await put.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.Closed));
        Assert.That((await watch.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.Closed));
        Assert.That((await connecting.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.Closed));
        Assert.That((_time.ActiveTimers, _server.Tried.Count), Is.EqualTo((0, 1)));
    }

    [Test]
    public async Task Disposing_ends_an_attempt_that_is_under_way()
    {
        _server.IsMute = true;
        WsStorageClient client = CreateClient();
        Task connecting = client.ConnectAsync().AsTask();
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(15));
        await client.DisposeAsync().AsTask().Soon();
        Assert.That((await connecting.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.Closed));
        Assert.That((client.State, _time.ActiveTimers), Is.EqualTo((ConnectionState.Closed, 0)));
    }

    [Test]
    public async Task Disposing_at_any_moment_leaves_nothing_behind()
    {
        for (int i = 0; i < 200; i++)
        {
            var time = new ManualTimeProvider();
            var server = new ScriptedServer();
            WsStorageClient client = server.CreateClient(options => options with { TimeProvider = time });
            Task<GetResult> get = client.GetAsync(Key).AsTask();
            Task cutting = CutAsync(server);
            Thread.SpinWait(i * 50);
            await client.DisposeAsync().AsTask().Soon();
            await Assert.ThatAsync(() => get.Soon(), Throws.InstanceOf<StorageException>().With.Property("Code").EqualTo(StorageErrorCode.Closed));
            Assert.That(time.ActiveTimers, Is.Zero);
            server.Stop();
            await cutting.Soon();
        }

        static async Task CutAsync(ScriptedServer server)
        {
            await foreach (ScriptedServer.Link link in server.AcceptAllAsync())
            {
                link.Cut();
            }
        }
    }

    private WsStorageClient CreateClient() => _server.CreateClient(options => options with { TimeProvider = _time });

    /// <summary>Waits until the client waits, as long as it should; lets the time pass; and sees that not a moment less would do.</summary>
    private async Task WaitAsync(int milliseconds, int attempts)
    {
        await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(milliseconds));
        _time.Advance(TimeSpan.FromMilliseconds(milliseconds - 1));
        Assert.That(_server.Tried, Has.Count.EqualTo(attempts));
        _time.Advance(TimeSpan.FromMilliseconds(1));
    }
}
