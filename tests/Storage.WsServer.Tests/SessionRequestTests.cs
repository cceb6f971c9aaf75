using System.Text;
using WsStorage.Core;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsServer.Tests;

public class SessionRequestTests
{
    private InMemoryStorage _storage = null!;

    [SetUp]
    public void SetUp() => _storage = new InMemoryStorage();

    [TearDown]
    public async Task TearDown() => await _storage.DisposeAsync();

    [Test]
    public async Task What_a_client_puts_is_at_once_visible_to_the_host()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendAsync("A", new WriteRequest(new WriteBatch().Put("k", "v")));
        ScriptedClient.Reply reply = await client.ReceiveAsync();
        Assert.That((reply.Type, reply.Id), Is.EqualTo((MessageType.WriteReply, "A")));
        Assert.That(WriteReply.Read(reply.Body), Is.EqualTo(WriteResult.AppliedAt(new Revision(1))));
        Assert.That(await _storage.GetStringAsync("k"), Is.EqualTo("v"));
    }

    [Test]
    public async Task Requests_in_a_pack_are_answered_in_a_pack_when_the_client_takes_packs()
    {
        await _storage.PutStringAsync("k", "v");
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, packs: true);
        await client.SendPackAsync(Enumerable.Range(0, 100).Select(i => ScriptedClient.Encode($"g{i}", new GetRequest("k"u8))));
        var ids = new List<string>();
        int largest = 0;
        for (int i = 0; i < 100; i++)
        {
            ids.Add((await client.ReceiveAsync()).Id);
            largest = Math.Max(largest, client.LastPackSize);
        }

        Assert.That(ids, Is.EqualTo(Enumerable.Range(0, 100).Select(i => $"g{i}")));
        Assert.That(largest, Is.GreaterThan(1));
    }

    [Test]
    public async Task A_client_that_does_not_ask_for_packs_never_meets_one()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, packs: false);
        await client.SendPackAsync(Enumerable.Range(0, 10).Select(i => ScriptedClient.Encode($"g{i}", new GetRequest("k"u8))));
        for (int i = 0; i < 10; i++)
        {
            await client.ReceiveAsync();
            Assert.That(client.LastPackSize, Is.EqualTo(1));
        }
    }

    [Test]
    public async Task Writes_of_a_connection_are_applied_in_the_order_sent()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, packs: true);
        for (int round = 0; round < 10; round++)
        {
            await client.SendPackAsync(Enumerable.Range(0, 200).Select(i =>
                ScriptedClient.Encode($"w{i}", new WriteRequest(new WriteBatch().Put("k", $"{round}/{i}")))));
        }

        ulong last = 0;
        for (int i = 0; i < 2000; i++)
        {
            ScriptedClient.Reply reply = await client.ReceiveAsync();
            Revision revision = WriteReply.Read(reply.Body).Revision;
            Assert.That(revision.Value, Is.EqualTo(++last));
            Assert.That(reply.Id, Is.EqualTo($"w{i % 200}"));
        }

        Assert.That(await _storage.GetStringAsync("k"), Is.EqualTo("9/199"));
    }

    [Test]
    public async Task A_failed_precondition_is_an_answer_that_names_it()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        WriteBatch batch = new WriteBatch().RequireAbsent("x"u8).RequirePresent("y"u8).Put("x", "1");
        await client.SendAsync("A", new WriteRequest(batch));
        WriteResult result = WriteReply.Read((await client.ReceiveAsync()).Body);
        Assert.That(result.Applied, Is.False);
        Assert.That(result.FailedPrecondition, Is.EqualTo(1));
    }

    [Test]
    public async Task Many_keys_are_read_in_their_order()
    {
        await _storage.PutStringAsync("a", "1");
        await _storage.PutStringAsync("b", string.Empty);
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendAsync("A", new GetManyRequest(["b"u8.ToArray(), "zz"u8.ToArray(), "a"u8.ToArray(), "a"u8.ToArray()]));
        GetManyResult result = GetManyReply.Read((await client.ReceiveAsync()).Body);
        Assert.That(result.Values, Is.EqualTo(new[] { [], null, "1"u8.ToArray(), "1"u8.ToArray() }));
        Assert.That(result.Revision, Is.EqualTo(new Revision(2)));
    }

    [Test]
    public async Task An_info_tells_what_the_storage_tells()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendAsync("A", new EmptyMessage(MessageType.Info));
        Assert.That(InfoReply.Read((await client.ReceiveAsync()).Body), Is.EqualTo(await _storage.GetInfoAsync()));
    }

    [Test]
    public async Task An_answer_larger_than_the_client_takes_is_an_error_of_its_own()
    {
        await _storage.PutAsync("big"u8.ToArray(), new byte[10_000]);
        await _storage.PutStringAsync("small", "1");
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, maxMessageBytes: 4096);
        await client.SendAsync("A", new GetRequest("big"u8));
        Assert.That((await client.ReceiveErrorAsync("A")).Code, Is.EqualTo(StorageErrorCode.ResultTooLarge));
        await client.SendAsync("B", new GetManyRequest(["small"u8.ToArray(), "big"u8.ToArray()]));
        Assert.That((await client.ReceiveErrorAsync("B")).Code, Is.EqualTo(StorageErrorCode.ResultTooLarge));
        await client.SendAsync("C", new ScanRequest(new ScanOptions(), 1 << 20));
        Assert.That((await client.ReceiveErrorAsync("C")).Code, Is.EqualTo(StorageErrorCode.ResultTooLarge));
        await client.SendAsync("D", new GetRequest("small"u8));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.GetReply));
    }

    [Test]
    public async Task Gets_of_more_than_may_wait_are_answered_bit_by_bit_and_all()
    {
        byte[] value = new byte[100_000];
        await _storage.PutAsync("k"u8.ToArray(), value);
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(
            _storage, new StorageSessionOptions { MaxQueuedBytes = 256 * 1024 }, packs: true);
        await client.SendPackAsync(Enumerable.Range(0, 300).Select(i => ScriptedClient.Encode($"g{i}", new GetRequest("k"u8))));
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < 300; i++)
        {
            ScriptedClient.Reply reply = await client.ReceiveAsync();
            Assert.That(GetReply.Read(reply.Body).Value.Length, Is.EqualTo(value.Length));
            ids.Add(reply.Id);
        }

        Assert.That(ids, Has.Count.EqualTo(300));
    }

    [TestCase(StorageLimits.MaxKeyBytes + 1, 1, StorageErrorCode.KeyTooLarge)]
    [TestCase(1, (16 * 1024 * 1024) + 1, StorageErrorCode.ValueTooLarge)]
    public async Task Over_a_limit_is_refused_and_the_connection_goes_on(int keyBytes, int valueBytes, StorageErrorCode code)
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendRawAsync(RawPut("A", new byte[keyBytes], new byte[valueBytes]));
        ErrorReply error = await client.ReceiveErrorAsync("A");
        Assert.That((error.Code, error.Outcome), Is.EqualTo((code, WriteOutcome.NotApplied)));
        await client.SendAsync("B", new GetRequest("a"u8));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.GetReply));
        Assert.That((await _storage.GetInfoAsync()).Revision, Is.EqualTo(Revision.None));
    }

    [Test]
    public async Task A_malformed_body_is_answered_by_id_and_the_connection_goes_on()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendRawAsync(Raw([0x05, 0x61], MessageType.Get, "A"));
        Assert.That((await client.ReceiveErrorAsync("A")).Code, Is.EqualTo(StorageErrorCode.ProtocolError));
        await client.SendRawAsync(Raw([0x00, 0x02, 0x09, 0x09], MessageType.Write, "B"));
        Assert.That((await client.ReceiveErrorAsync("B")).Code, Is.EqualTo(StorageErrorCode.ProtocolError));
        await client.SendRawAsync(Raw([], (MessageType)0xBE, "C"));
        Assert.That((await client.ReceiveErrorAsync("C")).Code, Is.EqualTo(StorageErrorCode.Unsupported));
        await client.SendRawAsync(Raw([], MessageType.GetReply, "D"));
        Assert.That((await client.ReceiveErrorAsync("D")).Code, Is.EqualTo(StorageErrorCode.Unsupported));
        await client.SendAsync("E", new GetRequest("a"u8));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.GetReply));
    }

    [TestCase("no trailer", "")]
    [TestCase("no id", "0161 1F 82")]
    [TestCase("no separator", "0161 20 82 41")]
    [TestCase("an id of 17 digits", "0161 1F 82 4141414141414141414141414141414141")]
    [TestCase("a pack cut short", "09 61 1F 8F")]
    [TestCase("a pack in a pack", "02 1F 8F 1F 8F")]
    public async Task What_no_reply_can_name_closes_the_connection_as_a_protocol_error(string what, string hex)
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendRawAsync(Convert.FromHexString(hex.Replace(" ", string.Empty, StringComparison.Ordinal)));
        CloseReason reason = await client.ReceiveCloseAsync();
        Assert.That(reason.Code, Is.EqualTo(CloseReason.ProtocolError), what);
        Assert.That(reason.Text, Is.Not.Empty);
    }

    [Test]
    public async Task A_text_message_is_refused_with_1003()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendTextAsync();
        Assert.That((await client.ReceiveCloseAsync()).Code, Is.EqualTo(CloseReason.UnsupportedData));
    }

    [Test]
    public async Task A_client_that_goes_on_sending_after_the_close_can_still_read_why()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        for (int i = 0; i < 100; i++)
        {
            await client.SendTextAsync();
            await client.SendAsync("A", new GetRequest("a"u8));
        }

        Assert.That((await client.ReceiveCloseAsync()).Code, Is.EqualTo(CloseReason.UnsupportedData));
        Assert.That(client.Session.Ended.IsCompleted, Is.False, "the session waits for the client's close");
        await client.CloseAsync();
        await client.Session.Ended.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Test]
    public async Task A_message_over_the_limit_is_refused_with_1009()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, new StorageSessionOptions { MaxMessageBytes = 70_000 });
        await client.SendRawAsync(new byte[70_001]);
        Assert.That((await client.ReceiveCloseAsync()).Code, Is.EqualTo(CloseReason.MessageTooBig));
    }

    [Test]
    public async Task A_storage_that_reads_and_writes_one_by_one_is_served_too()
    {
        await using var single = new OneByOneStorage(_storage);
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(single, packs: true);
        await client.SendPackAsync(Enumerable.Range(0, 50).Select(i =>
            ScriptedClient.Encode($"w{i}", new WriteRequest(new WriteBatch().Put("k", i.ToString())))));
        for (ulong i = 1; i <= 50; i++)
        {
            Assert.That(WriteReply.Read((await client.ReceiveAsync()).Body).Revision.Value, Is.EqualTo(i));
        }

        await client.SendAsync("A", new GetRequest("k"u8));
        Assert.That(Encoding.UTF8.GetString(GetReply.Read((await client.ReceiveAsync()).Body).Value), Is.EqualTo("49"));
        await client.SendAsync("B", new GetManyRequest(["k"u8.ToArray(), "none"u8.ToArray()]));
        Assert.That(GetManyReply.Read((await client.ReceiveAsync()).Body).Values, Is.EqualTo(new[] { "49"u8.ToArray(), null }));
    }

    private static byte[] Raw(byte[] body, MessageType type, string id) =>
        [.. body, ProtocolConstants.Separator, (byte)type, .. Encoding.ASCII.GetBytes(id)];

    private static byte[] RawPut(string id, byte[] key, byte[] value)
    {
        byte[] operations = [1, .. Field(key), .. Field(value)];
        return Raw([0, .. Field(operations)], MessageType.Write, id);
    }

    private static byte[] Field(byte[] bytes)
    {
        var length = new byte[Varint.MaxLength];
        return [.. length.AsSpan(0, Varint.Write(length, (ulong)bytes.Length)), .. bytes];
    }
}
