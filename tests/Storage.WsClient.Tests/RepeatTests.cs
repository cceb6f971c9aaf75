using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;
using WsStorage.Transport;
using WsStorage.WsClient.Watches;

namespace WsStorage.WsClient.Tests;

/// <summary>Batches that the server says once, and repeats to other watches.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class RepeatTests
{
    private static readonly Guid Epoch = Guid.NewGuid();
    private static readonly byte[] Previous = [(byte)PreviousValueKind.Value, 2, 8, 9];

    private readonly ScriptedServer _server = new();

    [Test]
    public async Task A_client_asks_for_packs_with_repeats()
    {
        await using WsStorageClient client = _server.CreateClient();
        await client.ConnectAsync();
        HelloMessage hello = await (await _server.AcceptAsync()).Hello;
        Assert.That((hello.AcceptsPacks, hello.AcceptsRepeats), Is.EqualTo((true, true)));
    }

    [Test]
    public async Task What_is_repeated_is_told_as_if_it_had_been_sent()
    {
        await using WsStorageClient client = _server.CreateClient();
        (ScriptedServer.Link link, Told[] watches) = await BeginAsync(client, 3);
        RequestId[] ids = [.. watches.Select(watch => watch.Id)];
        using var pack = new PackBuffer(MessageType.ServerPack);
        pack.Append(Batch(1), ids[0]);
        pack.Append(Batch(2, Previous), ids[0]);
        pack.Append(Batch(3), ids[0]);
        pack.Append(new RepeatMessage(2, 2), ids[1]);
        pack.Append(Batch(4), ids[1]);
        pack.Append(new RepeatMessage(4, 1), ids[2]);
        pack.Append(new RepeatMessage(2, 1), ids[2]);
        await link.SendRawAsync(pack.ToMessage().ToArray());

        await ExpectAsync(watches[0], 1, 2, 3);
        await ExpectAsync(watches[1], 2, 3, 4);
        await ExpectAsync(watches[2], 2, 4);

        // The next pack begins anew.
        using var next = new PackBuffer(MessageType.ServerPack);
        next.Append(Batch(5), ids[2]);
        next.Append(new RepeatMessage(1, 1), ids[0]);
        await link.SendRawAsync(next.ToMessage().ToArray());
        await ExpectAsync(watches[2], 5);
        await ExpectAsync(watches[0], 5);
    }

    [Test]
    public async Task What_a_watch_was_told_that_was_left_may_be_repeated()
    {
        await using WsStorageClient client = _server.CreateClient();
        (ScriptedServer.Link link, Told[] watches) = await BeginAsync(client, 2);
        await watches[0].Events.DisposeAsync();
        Assert.That((await link.ReceiveAsync()).Type, Is.EqualTo(MessageType.Cancel));
        using var pack = new PackBuffer(MessageType.ServerPack);
        pack.Append(Batch(1), watches[0].Id);
        pack.Append(Batch(2), watches[0].Id);
        pack.Append(new RepeatMessage(2, 2), watches[1].Id);
        await link.SendRawAsync(pack.ToMessage().ToArray());

        await ExpectAsync(watches[1], 1, 2);
    }

    [TestCase(5, 1, 2, "before the pack")]
    [TestCase(3, 1, 2, "a mark")]
    [TestCase(1, 1, 2, "a repeat")]
    [TestCase(4, 2, 2, "on beyond a mark")]
    [TestCase(4, 1, 1, "to a watch that was told it")]
    [TestCase(4, 1, 8, "to a request")]
    public async Task A_repeat_that_makes_no_sense_ends_the_connection(int back, int count, int id, string what)
    {
        await using WsStorageClient client = _server.CreateClient();
        (ScriptedServer.Link link, Told[] watches) = await BeginAsync(client, 3);
        using var pack = new PackBuffer(MessageType.ServerPack);
        pack.Append(Batch(1), watches[0].Id);
        pack.Append(new WatchMarkMessage(At(1)), watches[0].Id);
        pack.Append(Batch(2), watches[0].Id);
        pack.Append(new RepeatMessage(3, 1), watches[1].Id);
        pack.Append(new RepeatMessage(back, count), id < watches.Length ? watches[id].Id : RequestId.FromNumber((ulong)id));
        await link.SendRawAsync(pack.ToMessage().ToArray());
        Assert.That((await link.ReceiveCloseAsync())?.Code, Is.EqualTo(CloseReason.ProtocolError), what);
    }

    [Test]
    public async Task A_repeat_that_is_bare_ends_the_connection()
    {
        await using WsStorageClient client = _server.CreateClient();
        (ScriptedServer.Link link, Told[] watches) = await BeginAsync(client, 2);
        await link.ReplyAsync(watches[0].Id, Batch(1));
        await link.ReplyAsync(watches[1].Id, new RepeatMessage(1, 1));
        Assert.That((await link.ReceiveCloseAsync())?.Code, Is.EqualTo(CloseReason.ProtocolError));
    }

    [Test]
    public async Task More_than_was_granted_ends_the_connection([Values] bool repeated)
    {
        await using WsStorageClient client = _server.CreateClient(options => options with { WatchWindowBytes = 1024 });
        (ScriptedServer.Link link, Told[] watches) = await BeginAsync(client, 2);
        using var pack = new PackBuffer(MessageType.ServerPack);
        pack.Append(Batch(1, bytes: 1100), watches[0].Id);
        pack.Append(Batch(2), watches[repeated ? 1 : 0].Id);
        if (repeated)
        {
            pack.Append(new RepeatMessage(1, 1), watches[0].Id);
        }

        await link.SendRawAsync(pack.ToMessage().ToArray());
        CloseReason? close = await link.ReceiveCloseAsync();
        Assert.That((close?.Code, close?.Text), Is.EqualTo((CloseReason.ProtocolError, "The server said of a watch more than it was granted.")));
    }

    [Test]
    public void Batches_are_shared_until_slow_readers_hold_too_much_and_then_kept_by_themselves()
    {
        var memory = new SharedMemory();
        memory.Add(SharedMemory.MaxBytes);
        Assert.That(memory.IsCrowded, Is.False);
        var pack = new BatchPack(100, 1, memory);
        Assert.That(memory.IsCrowded, Is.True);
        pack.Add(Batch(1), 0);
        pack.Add(Batch(2, Previous), 1);
        pack.Add(Batch(3), 2);
        BatchSlice kept = new BatchSlice(pack, 1, 2).Keep();
        Assert.That(kept.Pack, Is.Not.SameAs(pack));
        pack.Release();
        Assert.That(Describe(kept.Pack.ToEvent(0, Epoch)), Is.EqualTo(Describe(At(2), Batch(2, Previous))));
        Assert.That(Describe(kept.Pack.ToEvent(1, Epoch)), Is.EqualTo(Describe(At(3), Batch(3))));
        kept.Pack.Release();
        Assert.That(memory.IsCrowded, Is.False, "all was given back");

        var shared = new BatchPack(100, 1, new SharedMemory());
        shared.Add(Batch(1), 0);
        Assert.That(new BatchSlice(shared, 0, 1).Keep().Pack, Is.SameAs(shared));
    }

    [Test]
    public void A_pack_grows_under_its_readers()
    {
        var memory = new SharedMemory();
        memory.Add(SharedMemory.MaxBytes);
        var pack = new BatchPack(1000, 1, memory);
        for (ulong i = 0; i < 100; i++)
        {
            pack.Add(Batch(i), (int)i);
            for (int read = 0; read <= (int)i; read++)
            {
                Assert.That(pack.ToEvent(read, Epoch).Position, Is.EqualTo(At((ulong)read)));
            }
        }

        pack.Release();
        Assert.That(memory.IsCrowded, Is.False);
    }

    private static Position At(ulong revision) => new(Epoch, new Revision(revision), revision * 7);

    private static WatchBatchMessage Batch(ulong revision, byte[]? previous = null, int bytes = 1) => new(
        At(revision),
        DateTimeOffset.FromUnixTimeMilliseconds((long)revision),
        new WriteBatch().Put("k"u8, new byte[bytes]).PackedOperations,
        previous);

    private static string Describe(Position at, WatchBatchMessage batch) =>
        Describe(WatchEvent.Changes(at, batch.CommitTime, batch.Operations.ToArray(), batch.Previous.ToArray()));

    private static string Describe(in WatchEvent told) =>
        $"{told.Kind} {told.Position} {told.CommitTime:O} {Convert.ToHexString(told.PackedOperations.Span)} {Convert.ToHexString(told.PackedPrevious.Span)}";

    private static async Task ExpectAsync(Told watch, params ulong[] revisions)
    {
        foreach (ulong revision in revisions)
        {
            WatchEvent told = await watch.Events.NextAsync();
            Assert.That(Describe(told), Is.EqualTo(Describe(At(revision), Batch(revision, revision == 2 ? Previous : null)))
                .Or.EqualTo(Describe(At(revision), Batch(revision))));
        }
    }

    private async Task<(ScriptedServer.Link Link, Told[] Watches)> BeginAsync(WsStorageClient client, int count)
    {
        await client.ConnectAsync();
        ScriptedServer.Link link = await _server.AcceptAsync();
        var watches = new List<Told>();
        for (int i = 0; i < count; i++)
        {
            IAsyncEnumerator<WatchEvent> watch = client.WatchAsync(new WatchOptions()).GetAsyncEnumerator();
            Task<WatchEvent> mark = watch.NextAsync();
            ScriptedServer.Request request = await link.ReceiveAsync();
            await link.ReplyAsync(request, new WatchMarkMessage(At(0)));
            await mark;
            watches.Add(new Told(watch, request.Id));
        }

        return (link, [.. watches]);
    }

    private sealed record Told(IAsyncEnumerator<WatchEvent> Events, RequestId Id);
}
