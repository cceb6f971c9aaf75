using WsStorage.Core;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;
using WsStorage.Transport;

namespace WsStorage.WsServer.Tests;

public class SessionHelloTests
{
    [Test]
    public async Task The_welcome_states_limits_and_position()
    {
        await using var storage = new InMemoryStorage();
        await storage.PutStringAsync("a", "1");
        await using var client = new ScriptedClient(storage, new StorageSessionOptions { MaxRequestsInFlight = 77, MaxScans = 3 });
        client.Run();
        WelcomeMessage welcome = await client.HelloAsync();
        StorageInfo info = await storage.GetInfoAsync();
        Assert.That(welcome.Position, Is.EqualTo(info.Position));
        Assert.That(welcome.Limits.MaxRequestsInFlight, Is.EqualTo(77));
        Assert.That(welcome.Limits.MaxScans, Is.EqualTo(3));
        Assert.That(welcome.Limits.MaxValueBytes, Is.EqualTo(info.Limits.MaxValueBytes));
        Assert.That(welcome.Limits.MaxMessageBytes, Is.GreaterThan(info.Limits.MaxBatchBytes));
    }

    [Test]
    public async Task A_first_message_that_is_no_hello_is_a_protocol_error()
    {
        await using var storage = new InMemoryStorage();
        await using var client = new ScriptedClient(storage);
        client.Run();
        await client.SendAsync("A", new GetRequest("a"u8));
        Assert.That((await client.ReceiveCloseAsync()).Code, Is.EqualTo(CloseReason.ProtocolError));
    }

    [Test]
    public async Task An_unknown_version_is_refused_with_a_readable_reason()
    {
        await using var storage = new InMemoryStorage();
        await using var client = new ScriptedClient(storage);
        client.Run();
        await client.SendAsync("A", new HelloMessage(2, acceptsPacks: false, "future", 1 << 20));
        ErrorReply error = await client.ReceiveErrorAsync("A");
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.UnsupportedVersion));
        Assert.That(error.Message, Does.Contain("version 2").And.Contain("version 1"));
        Assert.That((await client.ReceiveCloseAsync()).Code, Is.EqualTo(CloseReason.ProtocolError));
    }

    [Test]
    public async Task A_hello_larger_than_a_hello_is_refused_before_it_is_read()
    {
        await using var storage = new InMemoryStorage();
        await using var client = new ScriptedClient(storage);
        client.Run();
        await client.SendRawAsync(new byte[ProtocolConstants.MaxHelloBytes + 1]);
        Assert.That((await client.ReceiveCloseAsync()).Code, Is.EqualTo(CloseReason.MessageTooBig));
    }

    [Test]
    public async Task A_client_that_takes_only_tiny_messages_is_refused()
    {
        await using var storage = new InMemoryStorage();
        await using var client = new ScriptedClient(storage);
        client.Run();
        await client.SendAsync("A", new HelloMessage(1, acceptsPacks: false, "tiny", 100));
        Assert.That((await client.ReceiveCloseAsync()).Code, Is.EqualTo(CloseReason.ProtocolError));
    }

    [Test]
    public async Task A_client_that_says_nothing_is_closed_in_time()
    {
        await using var storage = new InMemoryStorage();
        var time = new ManualTimeProvider();
        await using var client = new ScriptedClient(storage, timeProvider: time);
        client.Run();
        time.Advance(new StorageSessionOptions().HelloTimeout);
        CloseReason reason = await client.ReceiveCloseAsync();
        Assert.That(reason.Code, Is.EqualTo(CloseReason.PolicyViolation));
        Assert.That(reason.Text, Does.Contain("hello"));
    }

    [Test]
    public async Task A_second_hello_is_an_error_and_no_more()
    {
        await using var storage = new InMemoryStorage();
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(storage);
        await client.SendAsync("B", new HelloMessage(1, acceptsPacks: false, "again", 1 << 20));
        Assert.That((await client.ReceiveErrorAsync("B")).Code, Is.EqualTo(StorageErrorCode.ProtocolError));
        await client.SendAsync("C", new GetRequest("a"u8));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.GetReply));
    }
}
