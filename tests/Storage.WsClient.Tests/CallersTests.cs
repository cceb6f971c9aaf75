using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;
using WsStorage.Transport;

namespace WsStorage.WsClient.Tests;

/// <summary>Where callers go on whose replies have come.</summary>
[TestFixture]
public sealed class CallersTests
{
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan MoreThanBrief = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly List<Task> _asked = [];
    private ManualTimeProvider _clock;
    private ScriptedServer _server;
    private WsStorageClient _client;
    private ScriptedServer.Link? _link;

    [SetUp]
    public void Connect()
    {
        _clock = new ManualTimeProvider();
        _server = new ScriptedServer();
        _link = null;
        _client = _server.CreateClient(options => options with { TimeProvider = _clock });
    }

    [TearDown]
    public async Task CloseAsync() => await _client.DisposeAsync();

    [Test]
    public async Task One_that_blocks_when_it_goes_on_alone_does_not_hold_up_what_comes_next()
    {
        using var release = new ManualResetEventSlim();
        var blocks = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task blocked = After("a", () =>
        {
            blocks.SetResult();
            release.Wait();
        });
        ScriptedServer.Link link = await _server.AcceptAsync();
        await link.AnswerTogetherAsync(await link.ReceiveAsync());

        // Else the second reply might be taken along with the first, and then it waits for the watchdog.
        await blocks.Task.Soon();

        // The first caller stands still, on whatever thread it is; the second is answered all the same.
        Task second = After("b", static () => { });
        await link.AnswerTogetherAsync(await link.ReceiveAsync());
        await second.Soon();
        Assert.That(blocked.IsCompleted, Is.False);
        release.Set();
        await blocked.Soon();
    }

    [Test]
    public async Task The_client_can_be_closed_by_one_that_goes_on()
    {
        Task closing = Task.Run(async () =>
        {
            await _client.GetAsync("a"u8.ToArray());
            await _client.DisposeAsync();
        });
        ScriptedServer.Link link = await _server.AcceptAsync();
        await link.AnswerTogetherAsync(await link.ReceiveAsync());
        await closing.Soon();
        Assert.That(closing.IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public async Task Those_of_one_message_go_on_on_one_thread_and_what_they_ask_next_goes_out_in_one()
    {
        var threads = new List<int>();
        var ask = new List<Task>();
        ScriptedServer.Request[] first = await AskAsync(3, () =>
        {
            threads.Add(Environment.CurrentManagedThreadId);
            ask.Add(_client.GetAsync("next"u8.ToArray()).AsTask());
        });
        ScriptedServer.Link link = _link!;
        int messages = link.MessageCount;
        await link.AnswerTogetherAsync(first);
        ScriptedServer.Request[] next = [await link.ReceiveAsync(), await link.ReceiveAsync(), await link.ReceiveAsync()];
        Assert.That(threads, Has.Count.EqualTo(3).And.All.EqualTo(threads[0]));
        Assert.That(link.MessageCount, Is.EqualTo(messages + 1));
        await link.AnswerTogetherAsync(next);
        await Task.WhenAll(ask).Soon();
    }

    [Test]
    public async Task When_one_keeps_the_thread_the_others_get_threads_of_their_own()
    {
        int turn = 0;
        using var second = new ManualResetEventSlim();
        ScriptedServer.Request[] gets = await AskAsync(2, () =>
        {
            if (Interlocked.Increment(ref turn) == 2)
            {
                second.Set();
                return;
            }

            // It is seen to run, then seen to run still.
            _clock.Advance(WatchPeriod);
            Assert.That(turn, Is.EqualTo(1));
            _clock.Advance(WatchPeriod);
            Assert.That(second.Wait(Limit), Is.True);
        });
        await _link!.AnswerTogetherAsync(gets);
        await Task.WhenAll(_asked).Soon();
    }

    [Test]
    public async Task After_one_that_was_not_brief_each_gets_a_thread_of_its_own()
    {
        int turn = 0;
        using var third = new ManualResetEventSlim();
        ScriptedServer.Request[] gets = await AskAsync(3, () =>
        {
            switch (Interlocked.Increment(ref turn))
            {
                case 1:
                    _clock.Advance(MoreThanBrief);
                    break;
                case 2:
                    Assert.That(third.Wait(Limit), Is.True);
                    break;
                default:
                    third.Set();
                    break;
            }
        });
        await _link!.AnswerTogetherAsync(gets);
        await Task.WhenAll(_asked).Soon();

        // The next message's too.
        turn = 1;
        third.Reset();
        gets = await AskAsync(2, () =>
        {
            if (Interlocked.Increment(ref turn) == 2)
            {
                Assert.That(third.Wait(Limit), Is.True);
            }

            third.Set();
        });
        await _link!.AnswerTogetherAsync(gets);
        await Task.WhenAll(_asked).Soon();
    }

    [Test]
    public async Task What_is_asked_by_one_that_then_blocks_is_sent_all_the_same()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int turn = 0;
        ScriptedServer.Request[] gets = await AskAsync(2, () =>
        {
            if (Interlocked.Increment(ref turn) == 1)
            {
                Task next = _client.GetAsync("next"u8.ToArray()).AsTask();
                asked.SetResult();
                Assert.That(next.Wait(Limit), Is.True);
            }
        });
        await _link!.AnswerTogetherAsync(gets);
        await asked.Task.Soon();
        _clock.Advance(WatchPeriod);
        await _link!.AnswerTogetherAsync(await _link!.ReceiveAsync());

        // The first is through; the second is told when the watchdog sees it, or the first lets go.
        await Task.WhenAll(_asked).Soon();
    }

    [Test]
    public async Task What_others_ask_meanwhile_does_not_wait()
    {
        using var release = new ManualResetEventSlim();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int turn = 0;
        Task<GetResult>? next = null;
        ScriptedServer.Request[] gets = await AskAsync(2, () =>
        {
            if (Interlocked.Increment(ref turn) == 1)
            {
                next = _client.GetAsync("next"u8.ToArray()).AsTask();
                asked.SetResult();
                Assert.That(release.Wait(Limit), Is.True);
            }
        });
        await _link!.AnswerTogetherAsync(gets);
        await asked.Task.Soon();

        // By the clock no time has passed: nobody but the one who asks can have sent it.
        Task other = After("other", static () => { });
        await _link!.AnswerTogetherAsync(await _link!.ReceiveAsync(), await _link!.ReceiveAsync());
        release.Set();
        await Task.WhenAll([other, next!, .. _asked]).Soon();
    }

    [Test]
    public async Task Those_whose_replies_came_before_the_connection_ended_go_on()
    {
        ScriptedServer.Request[] gets = await AskAsync(3, static () => { });
        await _link!.AnswerTogetherAsync(gets);
        await _link.CloseAsync(new CloseReason(CloseReason.GoingAway, "over"));
        await Task.WhenAll(_asked).Soon();
        await _server.AcceptAsync();
    }

    [Test]
    public async Task When_the_connection_ends_one_that_blocks_no_longer_holds_up_the_others()
    {
        int turn = 0;
        var blocks = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var second = new ManualResetEventSlim();
        ScriptedServer.Request[] gets = await AskAsync(2, () =>
        {
            if (Interlocked.Increment(ref turn) == 2)
            {
                second.Set();
                return;
            }

            // By the clock no time passes, so it is not the watchdog who sees it.
            blocks.SetResult();
            Assert.That(second.Wait(Limit), Is.True);
        });
        await _link!.AnswerTogetherAsync(gets);
        await blocks.Task.Soon();
        await _link.CloseAsync(new CloseReason(CloseReason.GoingAway, "over"));
        await Task.WhenAll(_asked).Soon();
    }

    [Test]
    public async Task At_the_end_none_goes_on_on_the_thread_that_ends([Values(1, 2)] int count)
    {
        Callers callers = CreateCallers();
        ToldRequest[] requests = [.. Enumerable.Range(0, count).Select(static _ => new ToldRequest())];
        Array.ForEach(requests, callers.Gather);
        await callers.EndAsync();
        Assert.That(requests.Select(static request => request.Inline), Is.All.False);
    }

    [Test]
    public async Task The_loop_lets_them_go_on_although_more_and_more_arrives()
    {
        Callers callers = CreateCallers();
        callers.Gather(new ToldRequest());
        int messages = 1;
        while (messages < 100 && callers.Take(isLast: false) is null)
        {
            messages++;
        }

        Assert.That(messages, Is.InRange(2, 16));
        Assert.That(callers.Take(isLast: true), Is.Null);
        await callers.EndAsync();
    }

    private Callers CreateCallers() =>
        new(new MessageOutbox(InMemoryTransport.CreatePair().Left, MessageType.ClientPack, 1000, static _ => { }), _clock);

    /// <summary>Asks some things at once.</summary>
    /// <returns>The requests as the server has them.</returns>
    private async Task<ScriptedServer.Request[]> AskAsync(int count, Action then)
    {
        _asked.Clear();
        for (int i = 0; i < count; i++)
        {
            _asked.Add(After($"key {i}", then));
        }

        _link ??= await _server.AcceptAsync();
        var requests = new ScriptedServer.Request[count];
        for (int i = 0; i < count; i++)
        {
            requests[i] = await _link!.ReceiveAsync();
        }

        return requests;
    }

    private async Task After(string key, Action then)
    {
        await _client.GetAsync(System.Text.Encoding.UTF8.GetBytes(key)).ConfigureAwait(false);
        then();
    }

    /// <summary>Takes note of how its caller is told.</summary>
    private sealed class ToldRequest : PendingRequest
    {
        public override MessageType Type => MessageType.Get;

        public bool? Inline { get; private set; }

        public override bool OnReply(MessageType type, ReadOnlySpan<byte> body) => true;

        public override void Tell(bool inline) => Inline = inline;

        public override void OnFailure(Exception exception) => throw exception;
    }
}
