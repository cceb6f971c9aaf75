using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;
using WsStorage.Transport;

namespace WsStorage.WsClient.Tests;

public class ClientConnectionTests
{
    private static readonly byte[] Key = "k"u8.ToArray();

    [Test]
    public async Task A_write_to_a_server_that_can_not_tell_a_repetition_fails_with_its_connection_and_is_not_sent_again()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        Task<Revision> put = client.PutAsync(Key, Key).AsTask();
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReceiveAsync();
        link.Cut();
        StorageException write = (await Assert.ThrowsAsync<StorageException>(() => put))!;
        Assert.That((write.Code, write.Outcome), Is.EqualTo((StorageErrorCode.ConnectionLost, WriteOutcome.Unknown)));

        Task<GetResult> next = client.GetAsync(Key).AsTask();
        ScriptedServer.Link again = await server.AcceptAsync();
        ScriptedServer.Request request = await again.ReceiveAsync();
        Assert.That(request.Type, Is.EqualTo(MessageType.Get));
        await again.ReplyAsync(request, new GetReply(new Revision(5), found: false, default));
        Assert.That((await next.WaitAsync(TimeSpan.FromSeconds(60))).Revision, Is.EqualTo(new Revision(5)));
    }

    [Test]
    public async Task The_servers_reason_for_closing_is_told()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        Task<Revision> put = client.PutAsync(Key, Key).AsTask();
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReceiveAsync();
        await link.CloseAsync(new CloseReason(CloseReason.GoingAway, "The server is shutting down."));
        StorageException error = (await Assert.ThrowsAsync<StorageException>(() => put))!;
        Assert.That(error.Message, Does.Contain("1001").And.Contain("shutting down"));
    }

    [Test]
    public async Task State_changes_are_told_in_order()
    {
        var server = new ScriptedServer();
        server.Failures.Enqueue(new StorageException(StorageErrorCode.ConnectFailed, "nobody there"));
        server.Random = () => 1;
        var time = new ManualTimeProvider();
        var states = new List<ConnectionState>();
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        WsStorageClient client = server.CreateClient(options => options with { TimeProvider = time });
        client.StateChanged += (_, change) =>
        {
            states.Add(change.State);
            if (change.State == ConnectionState.Disconnected && change.Reason!.Code == StorageErrorCode.ConnectionLost)
            {
                lost.SetResult();
            }
            else if (change.State == ConnectionState.Closed)
            {
                closed.SetResult();
            }
        };
        await Assert.ThatAsync(async () => await client.ConnectAsync(), Throws.InstanceOf<StorageException>());
        Task connecting = client.ConnectAsync().AsTask();
        await time.WaitForTimerAsync(TimeSpan.FromMilliseconds(100));
        time.Advance(TimeSpan.FromMilliseconds(100));
        await connecting.WaitAsync(TimeSpan.FromSeconds(60));
        (await server.AcceptAsync()).Cut();
        await lost.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await client.DisposeAsync();

        // Whoever disposes does not wait for the handlers.
        await closed.Task.Soon();
        Assert.That(states, Is.EqualTo(new[]
        {
            ConnectionState.Connecting, ConnectionState.Disconnected,
            ConnectionState.Connecting, ConnectionState.Connected, ConnectionState.Disconnected,
            ConnectionState.Closed,
        }));
    }

    [Test]
    public async Task A_handler_that_connects_anew_and_waits_for_it_keeps_nothing_from_ending()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        var handled = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        client.StateChanged += (_, change) =>
        {
            if (change.State == ConnectionState.Disconnected)
            {
                handled.TrySetResult(client.ConnectAsync().AsTask().Wait(TimeSpan.FromSeconds(20)));
            }
        };
        Task<GetResult> inFlight = client.GetAsync(Key).AsTask();
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReceiveAsync();
        link.Cut();
        Assert.That(await handled.Task.WaitAsync(TimeSpan.FromSeconds(30)), Is.True);
        ScriptedServer.Link again = await server.AcceptAsync();
        await again.ReplyAsync(await again.ReceiveAsync(), new GetReply(default, found: false, default));
        Assert.That((await inFlight.WaitAsync(TimeSpan.FromSeconds(60))).Found, Is.False);
    }

    [Test]
    public async Task Whoever_disposes_waits_until_all_is_released()
    {
        var server = new ScriptedServer();
        WsStorageClient client = server.CreateClient();
        await client.ConnectAsync();
        ScriptedServer.Link link = await server.AcceptAsync();
        Task first = client.DisposeAsync().AsTask();
        Task second = client.DisposeAsync().AsTask();
        await Task.WhenAll(first, second).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.That(second, Is.SameAs(first).Or.Property(nameof(Task.IsCompletedSuccessfully)).True);
        Assert.That((await link.ReceiveCloseAsync())!.Code, Is.EqualTo(CloseReason.Normal));
    }

    [Test]
    public async Task A_handler_that_throws_does_not_harm_the_connection()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        client.StateChanged += (_, _) => throw new InvalidOperationException("a bug of the application");
        await client.ConnectAsync();
        Assert.That(client.State, Is.EqualTo(ConnectionState.Connected));
    }

    [Test]
    public async Task Disposing_fails_what_is_pending_and_says_good_bye()
    {
        var server = new ScriptedServer();
        WsStorageClient client = server.CreateClient();
        Task<Revision> put = client.PutAsync(Key, Key).AsTask();
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReceiveAsync();
        Task disposing = client.DisposeAsync().AsTask();
        StorageException error = (await Assert.ThrowsAsync<StorageException>(() => put))!;
        Assert.That((error.Code, error.Outcome), Is.EqualTo((StorageErrorCode.Closed, WriteOutcome.Unknown)));
        Assert.That((await link.ReceiveCloseAsync())!.Code, Is.EqualTo(CloseReason.Normal));
        await disposing.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.That((await Assert.ThrowsAsync<StorageException>(async () => await client.GetAsync(Key)))!.Code, Is.EqualTo(StorageErrorCode.Closed));
    }

    [Test]
    public async Task Every_call_ends_in_exactly_one_way_whatever_happens_to_the_link()
    {
        var random = new Random(4711);
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        using var stop = new CancellationTokenSource();
        Task serving = ServeBadlyAsync(server, new Random(random.Next()), stop.Token);
        int ended = 0;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(seed => CallAsync(new Random(seed))));
        await stop.CancelAsync();
        await serving;
        Assert.That(ended, Is.EqualTo(16 * 300));

        async Task CallAsync(Random own)
        {
            for (int i = 0; i < 300; i++)
            {
                using var cancellation = new CancellationTokenSource();
                Task<GetResult> call = client.GetAsync(new[] { (byte)i }, cancellation.Token).AsTask();
                if (own.Next(4) == 0)
                {
                    await cancellation.CancelAsync();
                }

                try
                {
                    GetResult result = await call.WaitAsync(TimeSpan.FromSeconds(60));
                    Assert.That(result.Value, Is.EqualTo(new[] { (byte)i }), "a reply reached another request than its own");
                }
                catch (OperationCanceledException)
                {
                    Assert.That(cancellation.IsCancellationRequested, Is.True);
                }

                Interlocked.Increment(ref ended);
            }
        }
    }

    private static async Task ServeBadlyAsync(ScriptedServer server, Random random, CancellationToken stop)
    {
        Task<ScriptedServer.Link> accept = server.AcceptAsync();
        while (!stop.IsCancellationRequested)
        {
            await Task.WhenAny(accept, Task.Delay(Timeout.Infinite, stop));
            if (!accept.IsCompletedSuccessfully)
            {
                return;
            }

            ScriptedServer.Link link = await accept;
            accept = server.AcceptAsync();
            try
            {
                for (int i = random.Next(200); i >= 0; i--)
                {
                    ScriptedServer.Request request = await link.ReceiveAsync().WaitAsync(stop);
                    await link.ReplyAsync(request, new GetReply(default, found: true, request.Body.AsSpan(1)));
                }

                link.Cut();
            }
            catch (Exception exception) when (exception is TransportException or OperationCanceledException)
            {
                // The client or the test has ended first.
            }
        }
    }
}
