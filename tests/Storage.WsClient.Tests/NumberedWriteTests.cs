using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;
using WsStorage.Transport;

namespace WsStorage.WsClient.Tests;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class NumberedWriteTests
{
    private static readonly byte[] Key = "k"u8.ToArray();
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedServer _server = new() { Session = new SessionFacts(AppliesOnce: true, 0, Week) };

    [Test]
    public async Task Numbers_grow_in_the_order_of_calls_from_the_time_on_and_say_what_is_answered()
    {
        await using WsStorageClient client = CreateClient();
        Task<Revision>[] puts = [Put(client, 0), Put(client, 1), Put(client, 2)];
        ScriptedServer.Link link = await _server.AcceptAsync();
        Numbered[] writes = [await ReceiveAsync(link), await ReceiveAsync(link), await ReceiveAsync(link)];
        ulong first = writes[0].Number;
        Assert.That(first, Is.EqualTo((ulong)(_time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalMicroseconds + 1));
        Assert.That(writes.Select(write => write.Value), Is.EqualTo(new byte[] { 0, 1, 2 }));
        Assert.That(writes.Select(write => write.Number - first), Is.EqualTo(new ulong[] { 0, 1, 2 }));
        Assert.That(writes.Select(write => write.Stamp.AcknowledgedThrough), Has.All.EqualTo(first - 1));
        Assert.That(writes.Select(write => (write.Stamp.IsResend, write.Stamp.IsUnanswered)), Has.All.EqualTo((false, true)));

        // The second is answered first: only what lies before all that is unanswered is acknowledged.
        await AnswerAsync(link, writes[1], 2);
        await puts[1].Soon();
        Task<Revision> fourth = Put(client, 3);
        Numbered next = await ReceiveAsync(link);
        Assert.That((next.Number, next.Stamp.AcknowledgedThrough), Is.EqualTo((first + 3, first - 1)));
        Assert.That((next.Stamp.IsResend, next.Stamp.IsUnanswered), Is.EqualTo((false, false)));
        await AnswerAsync(link, writes[0], 1);
        Assert.That(await puts[0].Soon(), Is.EqualTo(new Revision(1)));
        Task<Revision> fifth = Put(client, 4);
        next = await ReceiveAsync(link);
        Assert.That((next.Number, next.Stamp.AcknowledgedThrough), Is.EqualTo((first + 4, first + 1)));
        Assert.That((fourth.IsCompleted, fifth.IsCompleted), Is.EqualTo((false, false)));
    }

    [Test]
    public async Task A_number_that_the_session_has_used_is_never_used_again()
    {
        _server.Session = new SessionFacts(true, ulong.MaxValue / 2, Week);
        await using WsStorageClient client = CreateClient();
        _ = Put(client, 0);
        ScriptedServer.Link link = await _server.AcceptAsync();
        Assert.That((await ReceiveAsync(link)).Number, Is.EqualTo((ulong.MaxValue / 2) + 1));
    }

    [Test]
    public async Task What_is_unanswered_when_a_connection_is_lost_is_sent_again_first_and_in_order()
    {
        await using WsStorageClient client = CreateClient();
        Task<Revision>[] puts = [Put(client, 0), Put(client, 1), Put(client, 2)];
        ScriptedServer.Link link = await _server.AcceptAsync();
        Numbered[] writes = [await ReceiveAsync(link), await ReceiveAsync(link), await ReceiveAsync(link)];
        await AnswerAsync(link, writes[1], 5);
        await puts[1].Soon();
        _server.Refuse = _ => new StorageException(StorageErrorCode.ConnectFailed, "down");
        _server.Random = () => 1;
        link.Cut();
        await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(100));
        Task<Revision> later = Put(client, 3);
        _server.Refuse = _ => null;
        _time.Advance(TimeSpan.FromMilliseconds(100));
        link = await _server.AcceptAsync();
        Numbered[] again = [await ReceiveAsync(link), await ReceiveAsync(link), await ReceiveAsync(link)];
        Assert.That(again.Select(write => write.Value), Is.EqualTo(new byte[] { 0, 2, 3 }));
        Assert.That(again.Select(write => write.Number), Is.EqualTo(new[] { writes[0].Number, writes[2].Number, writes[2].Number + 1 }));
        Assert.That(again.Select(write => write.Stamp.IsResend), Is.EqualTo(new[] { true, true, false }));
        Assert.That(again.Select(write => write.Stamp.IsUnanswered), Has.All.False);
        Assert.That(again.Select(write => write.Stamp.AcknowledgedThrough), Has.All.EqualTo(writes[0].Number - 1));
        for (int i = 0; i < again.Length; i++)
        {
            await AnswerAsync(link, again[i], (ulong)(10 + i));
        }

        Assert.That(
            new[] { await puts[0].Soon(), await puts[2].Soon(), await later.Soon() },
            Is.EqualTo(new[] { new Revision(10), new Revision(11), new Revision(12) }));
    }

    [Test]
    public async Task A_loss_while_it_is_sent_again_changes_nothing_of_that()
    {
        _server.Limits = _server.Limits with { MaxRequestsInFlight = 3 };
        await using WsStorageClient client = CreateClient();
        Task<Revision>[] puts = [.. Enumerable.Range(0, 12).Select(i => Put(client, (byte)i))];
        int answered = 0;
        int sent = 0;
        ulong first = 0;
        for (int loss = 0; answered < puts.Length; loss++)
        {
            ScriptedServer.Link link = await _server.AcceptAsync();
            int known = sent;
            for (int i = answered; i < puts.Length && i < answered + 1 + (loss % 3); i++)
            {
                // Some are received, and but the first of them answered: the rest is cut off before or after it was received.
                Numbered write = await ReceiveAsync(link);
                first = first == 0 ? write.Number : first;
                Assert.That((write.Value, write.Number), Is.EqualTo(((byte)i, first + (ulong)i)));
                Assert.That(write.Stamp.IsResend, Is.EqualTo(i < known));
                Assert.That(write.Stamp.IsUnanswered, Is.EqualTo(answered == 0));
                Assert.That(write.Stamp.AcknowledgedThrough, Is.EqualTo(first + (ulong)answered - 1));
                if (i == answered && loss % 2 == 1)
                {
                    await AnswerAsync(link, write, (ulong)i + 1);
                    Assert.That(await puts[i].Soon(), Is.EqualTo(new Revision((ulong)i + 1)));
                    answered++;
                    break;
                }
            }

            // The client hands three to each connection, and one more for the one that was answered.
            sent = Math.Max(sent, Math.Min(puts.Length, answered + 3));
            link.Cut();
        }
    }

    [Test]
    public async Task What_was_given_up_is_not_sent_again_and_is_acknowledged()
    {
        await using WsStorageClient client = CreateClient();
        using var cancellation = new CancellationTokenSource();
        Task given = client.WriteAsync(new WriteBatch().Put(Key, Key), cancellation.Token).AsTask();
        Task<Revision> kept = Put(client, 1);
        ScriptedServer.Link link = await _server.AcceptAsync();
        Numbered first = await ReceiveAsync(link);
        await ReceiveAsync(link);
        await cancellation.CancelAsync();
        await Assert.ThatAsync(() => given.Soon(), Throws.InstanceOf<OperationCanceledException>());
        link.Cut();
        link = await _server.AcceptAsync();
        Numbered again = await ReceiveAsync(link);
        Assert.That((again.Value, again.Number, again.Stamp.AcknowledgedThrough), Is.EqualTo(((byte)1, first.Number + 1, first.Number)));
        await AnswerAsync(link, again, 7);
        await kept.Soon();
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_write_that_was_sent_and_is_not_answered_in_time_may_have_been_applied(bool connected)
    {
        await using WsStorageClient client = CreateClient();
        Task<Revision> put = Put(client, 0);
        ScriptedServer.Link link = await _server.AcceptAsync();
        await ReceiveAsync(link);
        if (!connected)
        {
            _server.Random = () => 1;
            _server.Refuse = _ => new StorageException(StorageErrorCode.ConnectFailed, "nobody there");
            link.Cut();
            await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(100));
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(200));
        }

        _time.Advance(TimeSpan.FromSeconds(31));
        StorageException error = await put.FailureAsync();
        Assert.That((error.Code, error.Outcome), Is.EqualTo((StorageErrorCode.Timeout, WriteOutcome.Unknown)));
        Assert.That(error.Message.Contains("nobody there", StringComparison.Ordinal), Is.Not.EqualTo(connected), error.Message);
        Assert.That(error.Message, Does.Contain("may have been applied"));
    }

    [Test]
    public async Task Nothing_is_sent_again_to_another_store()
    {
        await using WsStorageClient client = CreateClient();
        Task<Revision> answered = Put(client, 0);
        ScriptedServer.Link link = await _server.AcceptAsync();
        await AnswerAsync(link, await ReceiveAsync(link), 1);
        await answered.Soon();
        Task<Revision> put = Put(client, 1);
        await ReceiveAsync(link);
        _server.Position = new Position(Guid.NewGuid(), default, 0);
        link.Cut();
        link = await _server.AcceptAsync();
        StorageException error = await put.FailureAsync();
        Assert.That((error.Code, error.Outcome), Is.EqualTo((StorageErrorCode.EpochChanged, WriteOutcome.Unknown)));
        _ = Put(client, 2);
        Numbered next = await ReceiveAsync(link);
        Assert.That((next.Value, next.Stamp.IsResend, next.Stamp.IsUnanswered), Is.EqualTo(((byte)2, false, true)), "nothing was answered in this store");
    }

    [Test]
    public async Task Nothing_is_sent_again_to_a_server_that_could_not_tell()
    {
        await using WsStorageClient client = CreateClient();
        Task<Revision> put = Put(client, 0);
        ScriptedServer.Link link = await _server.AcceptAsync();
        await ReceiveAsync(link);
        _server.Session = default;
        link.Cut();
        link = await _server.AcceptAsync();
        StorageException error = await put.FailureAsync();
        Assert.That((error.Code, error.Outcome), Is.EqualTo((StorageErrorCode.OutcomeUnknown, WriteOutcome.Unknown)));
        _ = Put(client, 1);
        Assert.That((await link.ReceiveAsync()).Type, Is.EqualTo(MessageType.Write));
    }

    [TestCase(19, 40, 40, true)]
    [TestCase(20, 40, 40, false)]
    [TestCase(11, 40, 20, false)]
    [TestCase(11, 20, 40, false)]
    public async Task Nothing_is_sent_again_that_the_server_may_have_forgotten(int passed, int before, int after, bool sent)
    {
        _server.Session = new SessionFacts(true, 0, TimeSpan.FromSeconds(before));
        await using WsStorageClient client = CreateClient();
        Task<Revision> put = Put(client, 0);
        ScriptedServer.Link link = await _server.AcceptAsync();
        await ReceiveAsync(link);
        _server.Session = new SessionFacts(true, 0, TimeSpan.FromSeconds(after));
        _time.Advance(TimeSpan.FromSeconds(passed));
        link.Cut();
        link = await _server.AcceptAsync();
        if (sent)
        {
            await AnswerAsync(link, await ReceiveAsync(link), 1);
            await put.Soon();
            return;
        }

        StorageException error = await put.FailureAsync();
        Assert.That((error.Code, error.Outcome), Is.EqualTo((StorageErrorCode.OutcomeUnknown, WriteOutcome.Unknown)));
    }

    [Test]
    public async Task A_repetition_that_is_refused_says_nothing_of_the_first_sending()
    {
        await using WsStorageClient client = CreateClient();
        Task<Revision> put = Put(client, 1);
        ScriptedServer.Link link = await _server.AcceptAsync();
        await ReceiveAsync(link);
        link.Cut();
        link = await _server.AcceptAsync();
        Numbered again = await ReceiveAsync(link);
        await link.ReplyAsync(again.Id, new ErrorReply(StorageErrorCode.LimitExceeded, WriteOutcome.NotApplied, "full"));

        StorageException failure = await put.FailureAsync();
        Assert.That((failure.Code, failure.Outcome), Is.EqualTo((StorageErrorCode.LimitExceeded, WriteOutcome.Unknown)));

        // Sent once and refused, it was not applied.
        put = Put(client, 2);
        await link.ReplyAsync((await ReceiveAsync(link)).Id, new ErrorReply(StorageErrorCode.LimitExceeded, WriteOutcome.NotApplied, "full"));
        Assert.That((await put.FailureAsync()).Outcome, Is.EqualTo(WriteOutcome.NotApplied));
    }

    [Test]
    public async Task A_stamp_of_the_caller_is_not_heeded()
    {
        await using WsStorageClient client = CreateClient();
        _ = client.WriteAsync(new WriteBatch { Stamp = new WriteStamp(Guid.NewGuid(), 5, 4, true, false) }.Put(Key, [9])).AsTask();
        ScriptedServer.Link link = await _server.AcceptAsync();
        Numbered write = await ReceiveAsync(link);
        Assert.That((write.Number > 5, write.Stamp.IsResend), Is.EqualTo((true, false)));
    }

    [Test]
    public async Task A_failed_precondition_is_an_answer_and_an_error_is_none()
    {
        await using WsStorageClient client = CreateClient();
        Task<WriteResult> write = client.WriteAsync(new WriteBatch().RequireAbsent(Key).Put(Key, [1])).AsTask();
        ScriptedServer.Link link = await _server.AcceptAsync();
        await link.ReplyAsync((await ReceiveAsync(link)).Id, new ErrorReply(StorageErrorCode.DiskFull, WriteOutcome.NotApplied, "full"));
        Assert.That((await write.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.DiskFull));
        write = client.WriteAsync(new WriteBatch().RequireAbsent(Key).Put(Key, [1])).AsTask();
        Numbered next = await ReceiveAsync(link);
        Assert.That(next.Stamp.IsUnanswered, Is.True, "an error leaves no record, so the session may not be known yet");
        await link.ReplyAsync(next.Id, new NumberedWriteReply(WriteResult.RefusedAt(new Revision(4), 0)));
        Assert.That((await write.Soon()).FailedPrecondition, Is.Zero);
        _ = Put(client, 1);
        Assert.That((await ReceiveAsync(link)).Stamp.IsUnanswered, Is.False);
    }

    [Test]
    public async Task A_write_as_large_as_may_be_is_sent_again_too()
    {
        const int Largest = 1000 - ProtocolConstants.MaxTrailerBytes - NumberedWriteRequest.MaxHeaderBytes;
        _server.Limits = _server.Limits with { MaxMessageBytes = 1000 };
        await using WsStorageClient client = CreateClient();
        await client.ConnectAsync();
        ScriptedServer.Link link = await _server.AcceptAsync();
        var batch = new WriteBatch().Put(Key, new byte[Largest - 7]);
        Assert.That(new WriteRequest(batch).BodyLength, Is.EqualTo(Largest + 1));
        Assert.That((await client.WriteAsync(batch).AsTask().FailureAsync()).Code, Is.EqualTo(StorageErrorCode.BatchTooLarge));
        Task<WriteResult> write = client.WriteAsync(new WriteBatch().Put(Key, new byte[Largest - 8])).AsTask();
        await ReceiveAsync(link);
        link.Cut();
        link = await _server.AcceptAsync();
        Numbered again = await ReceiveAsync(link);
        Assert.That(again.Stamp.IsResend, Is.True);
        await AnswerAsync(link, again, 1);
        Assert.That((await write.Soon()).Applied, Is.True);
    }

    [Test]
    public async Task Disposing_tells_those_that_wait_to_be_sent_again_that_they_may_have_been_applied()
    {
        WsStorageClient client = CreateClient();
        Task<Revision> sent = Put(client, 0);
        ScriptedServer.Link link = await _server.AcceptAsync();
        await ReceiveAsync(link);
        _server.Random = () => 1;
        link.Cut();
        await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(100));
        Task<Revision> waiting = Put(client, 1);
        await client.DisposeAsync().AsTask().Soon();
        Assert.That((await sent.FailureAsync()).Outcome, Is.EqualTo(WriteOutcome.Unknown));
        Assert.That((await waiting.FailureAsync()).Outcome, Is.EqualTo(WriteOutcome.NotApplied));
    }

    private static Task<Revision> Put(WsStorageClient client, byte value) => client.PutAsync(Key, new[] { value }).AsTask();

    private static async Task<Numbered> ReceiveAsync(ScriptedServer.Link link) => Numbered.Read(await link.ReceiveAsync());

    private static ValueTask AnswerAsync(ScriptedServer.Link link, Numbered write, ulong revision) =>
        link.ReplyAsync(write.Id, new NumberedWriteReply(WriteResult.AppliedAt(new Revision(revision))));

    private WsStorageClient CreateClient() => _server.CreateClient(options => options with { TimeProvider = _time });
}
