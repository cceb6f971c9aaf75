using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using WsStorage.Core;
using WsStorage.Testing.Network;
using WsStorage.Transport.Tls;
using WsStorage.WsClient;
using WsStorage.WsServer;

namespace WsStorage.EndToEnd.Tests;

public class ServerTests
{
    private InMemoryStorage _storage = null!;

    [SetUp]
    public void SetUp() => _storage = new InMemoryStorage();

    [TearDown]
    public async Task TearDown() => await _storage.DisposeAsync();

    [Test]
    public async Task A_storage_is_mapped_into_an_existing_application_beside_its_other_endpoints()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseStorageTls(Certificates.Server)));
        await using WebApplication application = builder.Build();
        application.UseWebSockets();
        application.MapGet("/health", () => "fine");
        application.MapStorage("/storage", _storage);
        await application.StartAsync();
        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        int port = new Uri(address).Port;

        await using var client = new WsStorageClient(new WsStorageClientOptions
        {
            Url = new Uri($"wss://localhost:{port}/storage"),
            Tls = Certificates.Client,
        });
        await client.PutStringAsync("a", "1");
        Assert.That(await _storage.GetStringAsync("a"), Is.EqualTo("1"));
        await _storage.PutStringAsync("b", "2");
        Assert.That(await client.GetStringAsync("b"), Is.EqualTo("2"));

        using HttpClient http = CreateHttpClient();
        Assert.That(await http.GetStringAsync($"https://localhost:{port}/health"), Is.EqualTo("fine"));
        await application.StopAsync();
    }

    [Test]
    public async Task A_second_server_on_the_same_port_says_that_it_is_in_use()
    {
        await using Served first = await Served.StartAsync(_storage);
        StorageException error = (await Assert.ThrowsAsync<StorageException>(
            () => Served.StartAsync(_storage, port: first.Server.EndPoint.Port)))!;
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.AddressInUse));
        Assert.That(error.Message, Does.Contain(first.Server.EndPoint.Port.ToString()));
    }

    [TestCase("/storage", 426)]
    [TestCase("/elsewhere", 404)]
    public async Task What_is_no_websocket_gets_an_http_status(string path, int status)
    {
        await using Served served = await Served.StartAsync(_storage);
        using HttpClient http = CreateHttpClient();
        using HttpResponseMessage response = await http.GetAsync(new Uri($"https://localhost:{served.Server.EndPoint.Port}{path}"));
        Assert.That((int)response.StatusCode, Is.EqualTo(status));
    }

    [Test]
    public async Task A_page_of_another_origin_is_refused_unless_it_is_allowed()
    {
        await using Served strict = await Served.StartAsync(_storage);
        Assert.That(await TryOpenAsync(strict, "https://pages.example", "wsstorage.v1"), Is.EqualTo(403));
        await using Served open = await Served.StartAsync(_storage, new StorageSessionOptions { AllowedOrigins = ["https://pages.example"] });
        Assert.That(await TryOpenAsync(open, "https://pages.example", "wsstorage.v1"), Is.EqualTo(101));
        Assert.That(await TryOpenAsync(open, "https://other.example", "wsstorage.v1"), Is.EqualTo(403));
    }

    [Test]
    public async Task Another_subprotocol_is_refused()
    {
        await using Served served = await Served.StartAsync(_storage);
        Assert.That(await TryOpenAsync(served, null, "wsstorage.v9"), Is.EqualTo(400));
    }

    [Test]
    public async Task Connections_beyond_the_limits_are_refused_and_room_comes_back()
    {
        await using Served served = await Served.StartAsync(_storage, new StorageSessionOptions { MaxConnectionsPerClient = 1 });
        WsStorageClient first = served.CreateClient();
        await first.ConnectAsync();
        await using WsStorageClient second = served.CreateClient();
        StorageException error = (await Assert.ThrowsAsync<StorageException>(async () => await second.ConnectAsync()))!;
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.LimitExceeded));
        await first.DisposeAsync();
        await ConnectWhenThereIsRoomAsync(second);
        Assert.That(await second.GetStringAsync("none"), Is.Null);
    }

    [Test]
    public async Task A_wrong_path_is_told_as_such()
    {
        await using Served served = await Served.StartAsync(_storage);
        await using var client = new WsStorageClient(served.ClientOptions() with { Url = new Uri(served.Url, "/other") });
        StorageException error = (await Assert.ThrowsAsync<StorageException>(async () => await client.ConnectAsync()))!;
        Assert.That((error.Code, error.Message.Contains("404", StringComparison.Ordinal)), Is.EqualTo((StorageErrorCode.ConnectFailed, true)));
    }

    [Test]
    public async Task A_stopping_server_closes_with_1001_and_a_new_one_is_found_by_the_same_client()
    {
        int port = FreePort.Find();
        Served served = await Served.StartAsync(_storage, port: port);
        await using WsStorageClient client = served.CreateClient();
        await client.PutStringAsync("a", "1");
        var lost = new TaskCompletionSource<StorageException>(TaskCreationOptions.RunContinuationsAsynchronously);
        client.StateChanged += (_, change) =>
        {
            if (change.State == ConnectionState.Disconnected)
            {
                lost.TrySetResult(change.Reason!);
            }
        };
        await served.DisposeAsync();
        Assert.That((await lost.Task.WaitAsync(TimeSpan.FromSeconds(60))).Message, Does.Contain("1001"));
        Task<Revision> put = client.PutStringAsync("b", "2").AsTask();
        await using Served again = await Served.StartAsync(_storage, port: port);
        await put.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.That(await client.GetStringAsync("a"), Is.EqualTo("1"));
    }

    [Test]
    public async Task A_server_that_stops_under_load_answers_or_refuses_every_request()
    {
        Served served = await Served.StartAsync(_storage);
        await using var client = new WsStorageClient(served.ClientOptions() with { OperationTimeout = TimeSpan.FromSeconds(3) });
        await client.ConnectAsync();
        int applied = 0;
        int unknown = 0;
        using var stop = new CancellationTokenSource();
        using var stopping = new CancellationTokenSource();
        Task[] writers = [.. Enumerable.Range(0, 32).Select(writer => Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                try
                {
                    await client.PutStringAsync($"{writer}/{i}", "v");
                    Interlocked.Increment(ref applied);
                }
                catch (StorageException exception)
                {
                    if (exception.Outcome == WriteOutcome.Unknown)
                    {
                        Interlocked.Increment(ref unknown);
                    }

                    // Before that a slow machine may just have taken too long.
                    if (stopping.IsCancellationRequested)
                    {
                        return;
                    }
                }
            }
        }))];
        while (Volatile.Read(ref applied) < 1000)
        {
            await Task.Yield();
        }

        await stopping.CancelAsync();
        await served.DisposeAsync();
        await Task.WhenAll(writers).WaitAsync(TimeSpan.FromSeconds(60));
        await stop.CancelAsync();
        ulong revision = (await _storage.GetInfoAsync()).Revision.Value;
        Assert.That(revision, Is.InRange((ulong)applied, (ulong)(applied + unknown)), "an acknowledged write is missing, or a refused one was applied");
    }

    [Test]
    public async Task A_server_may_be_disposed_of_twice_and_without_having_been_started()
    {
        var options = new WsStorageServerOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), Tls = Certificates.Server };
        var idle = new WsStorageServer(_storage, options);
        await idle.DisposeAsync();
        var used = new WsStorageServer(_storage, options);
        await used.StartAsync();
        await used.StopAsync();
        await used.DisposeAsync();
        await used.DisposeAsync();
        await _storage.PutStringAsync("a", "1");
    }

    [Test]
    public void Options_that_make_no_sense_are_refused_by_name()
    {
        var options = new WsStorageServerOptions { Tls = Certificates.Server };
        StorageException path = Assert.Throws<StorageException>(() => new WsStorageServer(_storage, options with { Path = "storage" }))!;
        Assert.That(path.Message, Does.Contain("slash"));
        var session = new StorageSessionOptions { HelloTimeout = TimeSpan.FromDays(100) };
        StorageException time = Assert.Throws<StorageException>(() => new WsStorageServer(_storage, options with { Session = session }))!;
        Assert.That(time.Message, Does.Contain(nameof(StorageSessionOptions.HelloTimeout)));
        var client = new WsStorageClientOptions { Url = new Uri("wss://localhost/storage"), Tls = Certificates.Client, OperationTimeout = TimeSpan.MaxValue };
        StorageException operation = Assert.Throws<StorageException>(() => new WsStorageClient(client))!;
        Assert.That(operation.Message, Does.Contain(nameof(WsStorageClientOptions.OperationTimeout)));
    }

    private static async Task ConnectWhenThereIsRoomAsync(WsStorageClient client)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            try
            {
                await client.ConnectAsync(deadline.Token);
                return;
            }
            catch (StorageException exception) when (exception.Code == StorageErrorCode.LimitExceeded)
            {
                // The server notices the end of the other connection in its own time: ask again, until the deadline.
            }
        }
    }

    private static HttpClient CreateHttpClient()
    {
        ClientHandshake handshake = Certificates.Client.BeginClientHandshake("localhost");
        return new HttpClient(new SocketsHttpHandler { SslOptions = handshake.Options });
    }

    private static async Task<int> TryOpenAsync(Served served, string? origin, string subprotocol)
    {
        using HttpClient http = CreateHttpClient();
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.AddSubProtocol(subprotocol);
        if (origin is not null)
        {
            socket.Options.SetRequestHeader("Origin", origin);
        }

        try
        {
            await socket.ConnectAsync(served.Url, http, CancellationToken.None);
        }
        catch (WebSocketException)
        {
            // The status says why.
        }

        return (int)socket.HttpStatusCode;
    }
}
