using System.Text;
using WsStorage.Core;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsServer.Tests;

public class NumberedWriteTests
{
    private static readonly Guid ClientId = Guid.Parse("01234567-89ab-cdef-fedc-ba9876543210");
    private static readonly Guid Key = SessionKey.Derive(new ClientIdentity("test", "test"), ClientId);

    private FeedStorage _storage = null!;

    [SetUp]
    public void SetUp() => _storage = new FeedStorage();

    [TearDown]
    public async Task TearDown() => await _storage.DisposeAsync();

    [Test]
    public async Task The_welcome_says_how_far_the_session_is_and_how_long_it_is_remembered()
    {
        _storage.LastNumbers[Key] = 42;
        await using var client = new ScriptedClient(_storage);
        client.Run();
        WelcomeMessage welcome = await client.HelloAsync(clientId: ClientId);
        Assert.That(welcome.Session, Is.EqualTo(new SessionFacts(AppliesOnce: true, 42, TimeSpan.FromDays(7))));
        Assert.That(welcome.Limits.MaxWatches, Is.EqualTo(1000));
    }

    [Test]
    public async Task The_welcome_knows_nothing_of_a_client_without_an_id_and_fits_a_retention_without_end()
    {
        _storage.SessionRetention = TimeSpan.MaxValue;
        ServedStorage served = ScriptedClient.Serve(_storage);
        await using var without = new ScriptedClient(served);
        without.Run();
        Assert.That((await without.HelloAsync()).Session, Is.EqualTo(new SessionFacts(AppliesOnce: true, 0, TimeSpan.Zero)));
        await using var with = new ScriptedClient(served);
        with.Run();
        Assert.That((await with.HelloAsync(clientId: ClientId)).Session.Retention, Is.EqualTo(TimeSpan.FromSeconds(int.MaxValue)));
    }

    [Test]
    public async Task A_storage_that_keeps_no_record_says_so_and_takes_plain_writes_only()
    {
        await using var plain = new InMemoryStorage();
        await using var onlyBatches = new GatedStorage(plain);
        onlyBatches.Open();
        await using var client = new ScriptedClient(onlyBatches);
        client.Run();
        Assert.That((await client.HelloAsync(clientId: ClientId)).Session, Is.EqualTo(default(SessionFacts)));
        await client.SendRawAsync(Encode("A", Put("k"), 1));
        Assert.That((await client.ReceiveErrorAsync("A")).Code, Is.EqualTo(StorageErrorCode.Unsupported));
        await client.SendAsync("B", new WriteRequest(Put("k")));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.WriteReply));
    }

    [Test]
    public async Task A_client_without_an_id_can_not_number_its_writes()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendRawAsync(Encode("A", Put("k"), 1));
        ErrorReply error = await client.ReceiveErrorAsync("A");
        Assert.That((error.Code, error.Outcome), Is.EqualTo((StorageErrorCode.Unsupported, WriteOutcome.NotApplied)));
        Assert.That(error.Message, Does.Contain("client id"));
        Assert.That(_storage.Stamps, Is.Empty);
    }

    [Test]
    public async Task Numbered_and_plain_writes_keep_their_order_and_each_has_its_own_reply()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(ScriptedClient.Serve(_storage), ClientId, packs: true);
        await client.SendPackAsync(Enumerable.Range(1, 20).Select(i => i % 2 == 0
            ? ScriptedClient.Encode($"{i}", new WriteRequest(Put("k", i)))
            : Encode($"{i}", Put("k", i), (ulong)i, acknowledged: (ulong)i - 1, isResend: i % 3 == 0, isUnanswered: i < 5)));
        for (int i = 1; i <= 20; i++)
        {
            ScriptedClient.Reply reply = await client.ReceiveAsync();
            Assert.That((reply.Type, reply.Id), Is.EqualTo((i % 2 == 0 ? MessageType.WriteReply : MessageType.NumberedWriteReply, $"{i}")));
            Assert.That(WriteReply.Read(reply.Body), Is.EqualTo(WriteResult.AppliedAt(new Revision((ulong)i))));
        }

        Assert.That(_storage.Stamps, Is.EqualTo(Enumerable.Range(1, 20).Select(i => i % 2 == 0
            ? (WriteStamp?)null
            : new WriteStamp(Key, (ulong)i, (ulong)i - 1, i % 3 == 0, i < 5))));
        await client.SendAsync("G", new GetRequest("k"u8));
        Assert.That(Encoding.UTF8.GetString(GetReply.Read((await client.ReceiveAsync()).Body).Value), Is.EqualTo("20"));
    }

    [TestCase(StorageErrorCode.OutcomeUnknown, WriteOutcome.Unknown)]
    [TestCase(StorageErrorCode.NumberReused, WriteOutcome.NotApplied)]
    [TestCase(StorageErrorCode.LimitExceeded, WriteOutcome.NotApplied)]
    public async Task A_write_that_the_storage_does_not_execute_is_an_error_and_its_neighbours_are_not(StorageErrorCode code, WriteOutcome outcome)
    {
        _storage.Errors[2] = code;
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(ScriptedClient.Serve(_storage), ClientId, packs: true);
        await client.SendPackAsync(Encode("A", Put("k"), 1), Encode("B", Put("k"), 2), Encode("C", Put("k"), 3));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.NumberedWriteReply));
        ErrorReply error = await client.ReceiveErrorAsync("B");
        Assert.That((error.Code, error.Outcome), Is.EqualTo((code, outcome)));
        Assert.That((await client.ReceiveAsync()).Id, Is.EqualTo("C"));
    }

    [Test]
    public async Task A_failed_precondition_of_a_numbered_write_is_an_answer()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(ScriptedClient.Serve(_storage), ClientId);
        await client.SendRawAsync(Encode("A", Put("k").RequirePresent("none"u8), 1));
        ScriptedClient.Reply reply = await client.ReceiveAsync();
        Assert.That((reply.Type, NumberedWriteReply.Read(reply.Body).FailedPrecondition), Is.EqualTo((MessageType.NumberedWriteReply, 0)));
    }

    [TestCase("no fields", "")]
    [TestCase("number 0", "00 00 00 00 00")]
    [TestCase("an acknowledgement of itself", "05 05 00 00 00")]
    [TestCase("an unknown flag", "01 00 04 00 00")]
    [TestCase("operations that are none", "01 00 00 00 02 09 09")]
    [TestCase("something after the last field", "01 00 00 00 00 00")]
    public async Task A_malformed_numbered_write_is_answered_by_id_and_leaves_no_stamp_behind(string what, string hex)
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(ScriptedClient.Serve(_storage), ClientId);
        byte[] body = Convert.FromHexString(hex.Replace(" ", string.Empty, StringComparison.Ordinal));
        await client.SendRawAsync((byte[])[.. body, ProtocolConstants.Separator, (byte)MessageType.NumberedWrite, (byte)'A']);
        Assert.That((await client.ReceiveErrorAsync("A")).Code, Is.EqualTo(StorageErrorCode.ProtocolError), what);
        await client.SendAsync("B", new WriteRequest(Put("k")));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.WriteReply));
        Assert.That(_storage.Stamps, Is.EqualTo(new WriteStamp?[] { null }));
    }

    [Test]
    public async Task A_place_in_a_group_that_held_a_numbered_write_takes_a_plain_one_later()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(ScriptedClient.Serve(_storage), ClientId);
        for (ulong i = 1; i < 10; i += 2)
        {
            await client.SendRawAsync(Encode("A", Put("k"), i));
            Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.NumberedWriteReply));
            await client.SendAsync("B", new WriteRequest(Put("k")));
            Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.WriteReply));
        }
    }

    [Test]
    public async Task History_is_kept_for_a_follower_and_a_refusal_is_told()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendAsync("A", new KeepHistoryRequest("replica 1", new Revision(7), TimeSpan.FromHours(1)));
        ScriptedClient.Reply reply = await client.ReceiveAsync();
        Assert.That((reply.Type, reply.Id, reply.Body.Length), Is.EqualTo((MessageType.KeepHistoryReply, "A", 0)));
        Assert.That(_storage.Kept, Is.EqualTo(new[] { ("replica 1", new Revision(7), TimeSpan.FromHours(1)) }));
        await client.SendAsync("B", new KeepHistoryRequest("replica 1", Revision.None, TimeSpan.FromHours(1)));
        Assert.That((await client.ReceiveErrorAsync("B")).Code, Is.EqualTo(StorageErrorCode.Compacted));
        await client.SendRawAsync(new byte[] { 0x05, 0x61, ProtocolConstants.Separator, (byte)MessageType.KeepHistory, (byte)'C' });
        Assert.That((await client.ReceiveErrorAsync("C")).Code, Is.EqualTo(StorageErrorCode.ProtocolError));
    }

    private static WriteBatch Put(string key, int value = 0) => new WriteBatch().Put(key, $"{value}");

    private static byte[] Encode(
        string id, WriteBatch batch, ulong number, ulong acknowledged = 0, bool isResend = false, bool isUnanswered = false)
    {
        var header = new byte[NumberedWriteRequest.MaxHeaderBytes];
        int length = NumberedWriteRequest.WriteHeader(header, new WriteStamp(default, number, acknowledged, isResend, isUnanswered));
        var request = new WriteRequest(batch);
        var body = new byte[request.BodyLength];
        var writer = new BodyWriter(body);
        request.WriteBody(ref writer);
        return [.. header.AsSpan(0, length), .. body, ProtocolConstants.Separator, (byte)MessageType.NumberedWrite, .. Encoding.ASCII.GetBytes(id)];
    }
}
