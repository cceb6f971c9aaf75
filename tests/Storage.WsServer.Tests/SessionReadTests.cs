using WsStorage.Core;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsServer.Tests;

/// <summary>Reads go on beside the session's loop.</summary>
public class SessionReadTests
{
    private InMemoryStorage _storage = null!;
    private SlowReads _slow = null!;

    [SetUp]
    public async Task SetUp()
    {
        _storage = new InMemoryStorage();
        await _storage.PutStringAsync("quick", "1");
        await _storage.PutStringAsync("slow", "2");
        _slow = new SlowReads(_storage);
    }

    [TearDown]
    public async Task TearDown()
    {
        await _slow.DisposeAsync();
        await _storage.DisposeAsync();
    }

    [Test]
    public async Task While_one_chunk_is_read_the_next_is_received_and_read()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_slow);
        await client.SendAsync("S", new GetRequest("slow"u8));
        await _slow.Entered;
        for (int i = 0; i < 100; i++)
        {
            await client.SendAsync("Q", new GetRequest("quick"u8));
            Assert.That(await ReceiveValueAsync(client, "Q"), Is.EqualTo("1"));
        }

        _slow.Open();
        Assert.That(await ReceiveValueAsync(client, "S"), Is.EqualTo("2"));
    }

    [Test]
    public async Task A_long_pack_is_read_on_two_threads_and_every_get_is_answered()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_slow, packs: true);
        await client.SendPackAsync(Enumerable.Range(0, 200).Select(i =>
            ScriptedClient.Encode($"{i}", new GetRequest(i < 128 ? "slow"u8 : "quick"u8))));
        for (int i = 128; i < 200; i++)
        {
            Assert.That(await ReceiveValueAsync(client, $"{i}"), Is.EqualTo("1"));
        }

        _slow.Open();
        for (int i = 0; i < 128; i++)
        {
            Assert.That(await ReceiveValueAsync(client, $"{i}"), Is.EqualTo("2"));
        }
    }

    [Test]
    public async Task A_connection_occupies_a_few_threads_at_the_most()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_slow, packs: true);
        await client.SendPackAsync(Enumerable.Range(0, 4096).Select(i => ScriptedClient.Encode($"{i}", new GetRequest("slow"u8))));
        await client.SendAsync("last", new GetRequest("slow"u8));
        _slow.Open();
        for (int i = 0; i < 4097; i++)
        {
            Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.GetReply));
        }

        Assert.That(_slow.MostWaiting, Is.LessThanOrEqualTo(3), "two chunks, and one that the loop itself reads");
    }

    [Test]
    public async Task What_was_asked_before_a_close_is_answered_before_it()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_slow);
        await client.SendAsync("S", new GetRequest("slow"u8));
        await _slow.Entered;
        await client.SendAsync("Q", new GetRequest("quick"u8));
        Assert.That(await ReceiveValueAsync(client, "Q"), Is.EqualTo("1"));
        await client.CloseAsync();
        _slow.Open();
        Assert.That(await ReceiveValueAsync(client, "S"), Is.EqualTo("2"));
        Assert.That((await client.ReceiveCloseAsync()).Code, Is.EqualTo(CloseReason.Normal));
    }

    [Test]
    public async Task A_read_that_fails_beside_the_loop_is_answered_with_an_error()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_slow);
        await client.SendAsync("D", new GetRequest("defect"u8));
        Assert.That((await client.ReceiveErrorAsync("D")).Code, Is.EqualTo(StorageErrorCode.Internal));
        await client.SendAsync("M", new GetManyRequest(["defect"u8.ToArray(), "quick"u8.ToArray()]));
        Assert.That((await client.ReceiveErrorAsync("M")).Code, Is.EqualTo(StorageErrorCode.Internal));
        await client.SendAsync("Q", new GetRequest("quick"u8));
        Assert.That(await ReceiveValueAsync(client, "Q"), Is.EqualTo("1"));
    }

    [Test]
    public async Task Gets_of_many_are_read_beside_the_loop_too_and_a_malformed_one_alone_is_refused()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_slow);
        await client.SendAsync("S", new GetManyRequest(["slow"u8.ToArray(), "quick"u8.ToArray()]));
        await _slow.Entered;
        await client.SendRawAsync(new byte[] { 9, 1, (byte)'k', ProtocolConstants.Separator, (byte)MessageType.GetMany, (byte)'B' });
        Assert.That((await client.ReceiveErrorAsync("B")).Code, Is.EqualTo(StorageErrorCode.ProtocolError));
        await client.SendAsync("Q", new GetManyRequest(["quick"u8.ToArray()]));
        ScriptedClient.Reply quick = await client.ReceiveAsync();
        Assert.That((quick.Type, quick.Id), Is.EqualTo((MessageType.GetManyReply, "Q")));
        _slow.Open();
        ScriptedClient.Reply slow = await client.ReceiveAsync();
        Assert.That((slow.Type, slow.Id), Is.EqualTo((MessageType.GetManyReply, "S")));
        Assert.That(GetManyReply.Read(slow.Body).Values.Select(value => (char)value![0]), Is.EqualTo("21"));
    }

    private static async Task<string> ReceiveValueAsync(ScriptedClient client, string id)
    {
        ScriptedClient.Reply reply = await client.ReceiveAsync();
        Assert.That((reply.Type, reply.Id), Is.EqualTo((MessageType.GetReply, id)));
        return System.Text.Encoding.UTF8.GetString(GetReply.Read(reply.Body).Value);
    }
}
