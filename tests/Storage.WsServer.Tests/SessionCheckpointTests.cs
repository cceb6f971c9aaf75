using WsStorage.Core;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;

namespace WsStorage.WsServer.Tests;

public class SessionCheckpointTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private InMemoryStorage _inner = null!;
    private CheckpointedStorage _storage = null!;

    [SetUp]
    public async Task SetUp()
    {
        _inner = new InMemoryStorage();
        await _inner.PutStringAsync("k", "v");
        _storage = new CheckpointedStorage(_inner)
        {
            Files = new Dictionary<string, byte[]>(StringComparer.Ordinal)
            {
                ["000001.sst"] = Bytes.Noise(3_000_000),
                ["CURRENT"] = Bytes.Of("MANIFEST-000002\n"),
                ["empty"] = [],
            },
        };
    }

    [TearDown]
    public async Task TearDown()
    {
        await _storage.DisposeAsync();
        await _inner.DisposeAsync();
    }

    [Test]
    public async Task A_checkpoint_is_made_read_in_pieces_and_released()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        CheckpointInfo info = await CreateAsync(client);
        Assert.That(info.Position, Is.EqualTo((await _inner.GetInfoAsync()).Position));
        Assert.That((info.Format, info.ByteCount), Is.EqualTo(("test", 3_000_016L)));
        foreach (CheckpointFile file in info.Files)
        {
            List<byte> content = [];
            do
            {
                await client.SendAsync("P", new CheckpointReadRequest(info.Id, file.Name, content.Count, CheckpointInfo.MaxPieceBytes));
                content.AddRange(ReadPiece(await client.ReceiveAsync()));
            }
            while (content.Count < file.Length);

            Assert.That(content, Is.EqualTo(_storage.Files[file.Name]));
        }

        for (int i = 0; i < 2; i++)
        {
            await client.SendAsync("R", new CheckpointReleaseRequest(info.Id));
            ScriptedClient.Reply released = await client.ReceiveAsync();
            Assert.That((released.Type, released.Body.Length), Is.EqualTo((MessageType.CheckpointReleaseReply, 0)));
            Assert.That(_storage.Checkpoints, Is.Empty);
        }

        await client.SendAsync("P", new CheckpointReadRequest(info.Id, "CURRENT", 0, 1));
        Assert.That((await client.ReceiveErrorAsync("P")).Code, Is.EqualTo(StorageErrorCode.NotFound));
    }

    [Test]
    public async Task A_storage_without_files_and_a_server_that_hands_out_none_say_so()
    {
        await using ScriptedClient plain = await ScriptedClient.ConnectAsync(_inner);
        await using ScriptedClient refused = await ScriptedClient.ConnectAsync(_storage, new StorageSessionOptions { AllowCheckpoints = false });
        foreach (ScriptedClient client in new[] { plain, refused })
        {
            await client.SendAsync("C", new EmptyMessage(MessageType.CheckpointCreate));
            ErrorReply error = await client.ReceiveErrorAsync("C");
            Assert.That(error.Code, Is.EqualTo(StorageErrorCode.Unsupported));
            Assert.That(error.Message, Does.Contain(client == plain ? "no files" : "AllowCheckpoints"));
            await client.SendAsync("P", new CheckpointReadRequest(Guid.NewGuid(), "CURRENT", 0, 1));
            Assert.That((await client.ReceiveErrorAsync("P")).Code, Is.EqualTo(StorageErrorCode.Unsupported));
            await client.SendAsync("R", new CheckpointReleaseRequest(Guid.NewGuid()));
            Assert.That((await client.ReceiveErrorAsync("R")).Code, Is.EqualTo(StorageErrorCode.Unsupported));
        }
    }

    [Test]
    public async Task What_the_storage_refuses_is_told_and_a_path_never_reaches_it()
    {
        _storage.MaxCheckpoints = 0;
        bool asked = false;
        _storage.OnRead = _ =>
        {
            asked = true;
            return default;
        };
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendAsync("C", new EmptyMessage(MessageType.CheckpointCreate));
        Assert.That((await client.ReceiveErrorAsync("C")).Code, Is.EqualTo(StorageErrorCode.LimitExceeded));
        await client.SendAsync("P", new CheckpointReadRequest(Guid.NewGuid(), "../secret", 0, 1));
        Assert.That((await client.ReceiveErrorAsync("P")).Code, Is.EqualTo(StorageErrorCode.NotFound));
        Assert.That(asked, Is.False);
    }

    [Test]
    public async Task A_checkpoint_that_does_not_fit_the_client_is_released_again()
    {
        _storage.Files = Enumerable.Range(0, 1000).ToDictionary(i => $"{i:d6}.sst", _ => Array.Empty<byte>(), StringComparer.Ordinal);
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, maxMessageBytes: 4096);
        await client.SendAsync("C", new EmptyMessage(MessageType.CheckpointCreate));
        Assert.That((await client.ReceiveErrorAsync("C")).Code, Is.EqualTo(StorageErrorCode.ResultTooLarge));
        Assert.That(_storage.Checkpoints, Is.Empty);

        _storage.Files = Enumerable.Range(0, CheckpointReply.MaxFiles + 1).ToDictionary(i => $"{i:d6}.sst", _ => Array.Empty<byte>(), StringComparer.Ordinal);
        await using ScriptedClient large = await ScriptedClient.ConnectAsync(_storage);
        await large.SendAsync("C", new EmptyMessage(MessageType.CheckpointCreate));
        Assert.That((await large.ReceiveErrorAsync("C")).Message, Does.Contain("100001 files"));
        Assert.That(_storage.Checkpoints, Is.Empty);
    }

    [Test]
    public async Task A_piece_that_does_not_fit_the_client_is_an_error_of_its_own()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, maxMessageBytes: 100_000);
        CheckpointInfo info = await CreateAsync(client);
        await client.SendAsync("P", new CheckpointReadRequest(info.Id, "000001.sst", 0, 100_000));
        Assert.That((await client.ReceiveErrorAsync("P")).Code, Is.EqualTo(StorageErrorCode.ResultTooLarge));
        await client.SendAsync("P", new CheckpointReadRequest(info.Id, "000001.sst", 0, 90_000));
        Assert.That(ReadPiece(await client.ReceiveAsync()), Has.Length.EqualTo(90_000));
    }

    [Test]
    public async Task A_disk_that_hangs_keeps_nothing_else_waiting()
    {
        using var gate = new ManualResetEventSlim();
        _storage.OnRead = cancellationToken =>
        {
            gate.Wait(Patience, cancellationToken);
            return default;
        };
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        CheckpointInfo info = await CreateAsync(client);
        await client.SendAsync("P", new CheckpointReadRequest(info.Id, "CURRENT", 0, 100));
        await client.SendAsync("G", new GetRequest("k"u8));
        Assert.That((await client.ReceiveAsync()).Id, Is.EqualTo("G"));
        gate.Set();
        Assert.That(ReadPiece(await client.ReceiveAsync()), Is.EqualTo(_storage.Files["CURRENT"]));
    }

    [Test]
    public async Task Pieces_are_read_one_after_the_other_and_only_as_the_client_takes_them()
    {
        int reads = 0;
        int under = 0;
        bool together = false;
        _storage.OnRead = async _ =>
        {
            together |= Interlocked.Increment(ref under) > 1;
            Interlocked.Increment(ref reads);
            await Task.Yield();
            Interlocked.Decrement(ref under);
        };
        var time = new ManualTimeProvider();
        StallingTransport? stalling = null;
        var options = new StorageSessionOptions { MaxQueuedBytes = 2_000_000 };
        await using var client = new ScriptedClient(
            _storage,
            options,
            time,
            wrap: transport => stalling = new StallingTransport(transport));
        client.Run();
        await client.HelloAsync();
        CheckpointInfo info = await CreateAsync(client);
        stalling!.Stall();
        for (int i = 0; i < 20; i++)
        {
            await client.SendAsync($"P{i}", new CheckpointReadRequest(info.Id, "000001.sst", i, CheckpointInfo.MaxPieceBytes));
        }

        await time.WaitForTimerAsync(options.SlowReaderTimeout);
        Assert.That(Volatile.Read(ref reads), Is.LessThanOrEqualTo(2), "two pieces fill what may wait for the client");
        stalling.Resume();
        for (int i = 0; i < 20; i++)
        {
            ScriptedClient.Reply reply = await client.ReceiveAsync();
            Assert.That(reply.Id, Is.EqualTo($"P{i}"));
            Assert.That(ReadPiece(reply), Is.EqualTo(_storage.Files["000001.sst"][i..(i + CheckpointInfo.MaxPieceBytes)]));
        }

        Assert.That((together, reads), Is.EqualTo((false, 20)));
    }

    [Test]
    public async Task A_session_that_ends_reads_no_more_pieces()
    {
        int reads = 0;
        _storage.OnRead = async cancellationToken =>
        {
            // The first one lasts until nobody wants it any more.
            Interlocked.Increment(ref reads);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        };
        ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        CheckpointInfo info = await CreateAsync(client);
        for (int i = 0; i < 10; i++)
        {
            await client.SendAsync($"P{i}", new CheckpointReadRequest(info.Id, "CURRENT", 0, 10));
        }

        await client.SendAsync("G", new GetRequest("k"u8));
        Assert.That((await client.ReceiveAsync()).Id, Is.EqualTo("G"), "all has arrived");
        await client.DisposeAsync();
        await client.Session.Ended.WaitAsync(Patience);
        Assert.That(reads, Is.LessThanOrEqualTo(1));
    }

    private static async Task<CheckpointInfo> CreateAsync(ScriptedClient client)
    {
        await client.SendAsync("C", new EmptyMessage(MessageType.CheckpointCreate));
        ScriptedClient.Reply reply = await client.ReceiveAsync();
        Assert.That((reply.Type, reply.Id), Is.EqualTo((MessageType.CheckpointReply, "C")));
        return CheckpointReply.Read(reply.Body);
    }

    private static byte[] ReadPiece(ScriptedClient.Reply reply)
    {
        Assert.That(reply.Type, Is.EqualTo(MessageType.CheckpointPiece));
        CheckpointPieceReply piece = CheckpointPieceReply.Read(reply.Body);
        Assert.That(piece.Hash, Is.EqualTo(XxHash64.Hash(piece.Bytes, 0)));
        return piece.Bytes.ToArray();
    }
}
