using WsStorage.Core;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;
using WsStorage.Transport;

namespace WsStorage.WsServer.Tests;

public class SessionEvictionTests
{
    private static readonly Guid ClientId = Guid.Parse("01234567-89ab-cdef-fedc-ba9876543210");
    private static readonly Guid Key = SessionKey.Derive(new ClientIdentity("test", "test"), ClientId);

    [Test]
    public async Task A_newer_connection_of_a_client_closes_the_one_before_with_4000()
    {
        await using var storage = new InMemoryStorage();
        ServedStorage served = ScriptedClient.Serve(storage);
        await using ScriptedClient older = await ScriptedClient.ConnectAsync(served, ClientId);
        await using ScriptedClient newer = await ScriptedClient.ConnectAsync(served, ClientId);
        CloseReason reason = await older.ReceiveCloseAsync();
        Assert.That(reason.Code, Is.EqualTo(4000));
        Assert.That(reason.Text, Does.Contain("superseded"));
        await newer.SendAsync("A", new WriteRequest(new WriteBatch().Put("k", "v")));
        Assert.That((await newer.ReceiveAsync()).Type, Is.EqualTo(Protocol.MessageType.WriteReply));
    }

    [Test]
    public async Task Clients_without_an_id_with_another_id_or_with_another_certificate_leave_each_other_alone()
    {
        await using var storage = new InMemoryStorage();
        ServedStorage served = ScriptedClient.Serve(storage);
        await using ScriptedClient one = await ScriptedClient.ConnectAsync(served, ClientId);
        await using ScriptedClient without = await ScriptedClient.ConnectAsync(served);
        await using ScriptedClient alsoWithout = await ScriptedClient.ConnectAsync(served);
        await using ScriptedClient otherId = await ScriptedClient.ConnectAsync(served, Guid.Empty);
        await using ScriptedClient otherCertificate = await ScriptedClient.ConnectAsync(served, ClientId, identity: "other");
        foreach (ScriptedClient client in new[] { one, without, alsoWithout, otherId, otherCertificate })
        {
            await client.SendAsync("A", new GetRequest("k"u8));
            Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(Protocol.MessageType.GetReply));
        }
    }

    [Test]
    public async Task Nothing_that_a_superseded_client_says_is_executed()
    {
        await using var storage = new InMemoryStorage();
        ServedStorage served = ScriptedClient.Serve(storage);
        await using ScriptedClient older = await ScriptedClient.ConnectAsync(served, ClientId);
        await using ScriptedClient newer = await ScriptedClient.ConnectAsync(served, ClientId);
        await older.SendPackAsync(Enumerable.Range(0, 300).Select(i =>
            ScriptedClient.Encode($"{i}", new WriteRequest(new WriteBatch().Put("k", "v")))));
        await older.ReceiveCloseAsync();
        await older.CloseAsync();
        await older.Session.Ended.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.That((await storage.GetInfoAsync()).Revision, Is.EqualTo(Revision.None));
    }

    [Test]
    public async Task A_half_open_predecessor_that_never_reads_blocks_nobody_and_is_cut_off()
    {
        var time = new ManualTimeProvider();
        await using var storage = new InMemoryStorage();
        await storage.PutAsync("k"u8.ToArray(), new byte[100_000]);
        ServedStorage served = ScriptedClient.Serve(storage, timeProvider: time);
        StallingTransport? stalling = null;
        await using var older = new ScriptedClient(served, wrap: inner => stalling = new StallingTransport(inner));
        older.Run();
        await older.HelloAsync(clientId: ClientId);
        stalling!.Stall();
        await older.SendAsync("A", new GetRequest("k"u8));
        await stalling.Stalled;

        await using ScriptedClient newer = await ScriptedClient.ConnectAsync(served, ClientId);
        await newer.SendAsync("B", new GetRequest("k"u8));
        Assert.That((await newer.ReceiveAsync()).Id, Is.EqualTo("B"));
        Assert.That(older.Session.Ended.IsCompleted, Is.False, "it is given time to take the close");
        time.Advance(SessionContext.CloseTimeout);
        await older.Session.Ended.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.That(served.Claims.IsConnected(Key), Is.True, "the end of the older one is not that of the newer");
    }

    [Test]
    public async Task A_hello_that_comes_too_late_does_not_supersede_a_newer_connection()
    {
        var time = new ManualTimeProvider();
        await using var storage = new InMemoryStorage();
        ServedStorage served = ScriptedClient.Serve(storage, timeProvider: time);
        await using var late = new ScriptedClient(served);
        late.Run();
        time.Advance(new StorageSessionOptions().HelloTimeout);
        await late.ReceiveCloseAsync();
        await using ScriptedClient newer = await ScriptedClient.ConnectAsync(served, ClientId);
        await late.SendAsync("hi", new HelloMessage(1, true, "late", 1 << 20, ClientId));
        await late.CloseAsync();
        await late.Session.Ended.WaitAsync(TimeSpan.FromSeconds(60));
        await newer.SendAsync("A", new GetRequest("k"u8));
        Assert.That((await newer.ReceiveAsync()).Id, Is.EqualTo("A"));
    }

    [Test]
    public async Task Presence_goes_through_a_change_of_connections_and_ends_with_the_last()
    {
        await using var storage = new InMemoryStorage();
        ServedStorage served = ScriptedClient.Serve(storage);
        SessionClaims presence = served.Claims;
        var told = new List<(Guid Session, bool Connected)>();
        presence.Subscribe(session => told.Add((session, presence.IsConnected(session))));
        Assert.That(presence.IsConnected(Key), Is.False);
        ScriptedClient older = await ScriptedClient.ConnectAsync(served, ClientId);
        Assert.That(presence.IsConnected(Key), Is.True);
        ScriptedClient newer = await ScriptedClient.ConnectAsync(served, ClientId);
        await older.DisposeAsync();
        Assert.That(presence.IsConnected(Key), Is.True);
        await newer.DisposeAsync();
        Assert.That(presence.IsConnected(Key), Is.False);
        Assert.That(told, Is.EqualTo(new[] { (Key, true), (Key, false) }));
    }

    [Test]
    public async Task Many_connections_of_one_client_at_once_leave_exactly_one()
    {
        await using var storage = new InMemoryStorage();
        ServedStorage served = ScriptedClient.Serve(storage);
        ScriptedClient[] clients = [.. Enumerable.Range(0, 50).Select(_ => new ScriptedClient(served))];
        Array.ForEach(clients, client => client.Run());
        await Task.WhenAll(clients.Select(client =>
            Task.Run(() => client.SendAsync("hi", new HelloMessage(1, true, "one of many", 1 << 20, ClientId)).AsTask())));
        var first = new List<ScriptedClient.Reply>();
        foreach (ScriptedClient client in clients)
        {
            first.Add(await client.ReceiveAsync());
        }

        // Each has been welcomed or superseded, and has claimed its session: all but one are superseded by now.
        int left = 0;
        for (int i = 0; i < clients.Length; i++)
        {
            await clients[i].SendAsync("A", new GetRequest("k"u8));
            ScriptedClient.Reply next = first[i].Close is null ? await clients[i].ReceiveAsync() : first[i];
            left += next.Close is null ? 1 : 0;
        }

        Assert.That(left, Is.EqualTo(1));
        foreach (ScriptedClient client in clients)
        {
            await client.DisposeAsync();
        }

        Assert.That(served.Claims.IsConnected(Key), Is.False);
    }
}
