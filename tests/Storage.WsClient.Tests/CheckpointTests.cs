using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient.Tests;

public class CheckpointTests
{
    private static readonly CheckpointInfo Info = new()
    {
        Id = Guid.NewGuid(),
        Format = "test",
        Position = new Position(Guid.NewGuid(), new Revision(5), 6),
        Files = [new CheckpointFile("CURRENT", 16), new CheckpointFile("1.sst", 1 << 30)],
    };

    [Test]
    public async Task What_the_server_tells_is_what_the_caller_gets()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        Task<CheckpointInfo> creating = client.CreateCheckpointAsync().AsTask();
        ScriptedServer.Link link = await server.AcceptAsync();
        ScriptedServer.Request create = await link.ReceiveAsync();
        Assert.That((create.Type, create.Body.Length), Is.EqualTo((MessageType.CheckpointCreate, 0)));
        await link.ReplyAsync(create, new CheckpointReply(Info));
        CheckpointInfo info = await creating.Soon();
        Assert.That((info.Id, info.Format, info.Position), Is.EqualTo((Info.Id, Info.Format, Info.Position)));
        Assert.That(info.Files, Is.EqualTo(Info.Files));

        Task<CheckpointPiece> reading = client.ReadCheckpointAsync(info.Id, "1.sst", 123_456_789_012, 5).AsTask();
        ScriptedServer.Request read = await link.ReceiveAsync();
        CheckpointReadRequest asked = CheckpointReadRequest.Read(read.Body);
        Assert.That((asked.Checkpoint, asked.File, asked.Offset, asked.Length), Is.EqualTo((info.Id, "1.sst", 123_456_789_012L, 5)));
        await link.ReplyAsync(read, new CheckpointPieceReply(77, "bytes"u8));
        CheckpointPiece piece = await reading.Soon();
        Assert.That((piece.Hash, piece.Bytes.ToArray()), Is.EqualTo((77UL, "bytes"u8.ToArray())));

        Task releasing = client.ReleaseCheckpointAsync(info.Id).AsTask();
        ScriptedServer.Request release = await link.ReceiveAsync();
        Assert.That(CheckpointReleaseRequest.Read(release.Body), Is.EqualTo(info.Id));
        await link.ReplyAsync(release, new EmptyMessage(MessageType.CheckpointReleaseReply));
        await releasing.Soon();
    }

    [Test]
    public async Task All_three_are_sent_again_over_the_next_connection()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        await client.ConnectAsync();
        Task<CheckpointInfo> creating = client.CreateCheckpointAsync().AsTask();
        Task<CheckpointPiece> reading = client.ReadCheckpointAsync(Info.Id, "CURRENT", 0, 100).AsTask();
        Task releasing = client.ReleaseCheckpointAsync(Info.Id).AsTask();
        ScriptedServer.Link link = await server.AcceptAsync();
        for (int loss = 0; loss < 2; loss++)
        {
            Assert.That((await link.ReceiveAsync()).Type, Is.EqualTo(MessageType.CheckpointCreate));
            Assert.That((await link.ReceiveAsync()).Type, Is.EqualTo(MessageType.CheckpointRead));
            Assert.That((await link.ReceiveAsync()).Type, Is.EqualTo(MessageType.CheckpointRelease));
            link.Cut();
            link = await server.AcceptAsync();
        }

        await link.ReplyAsync(await link.ReceiveAsync(), new CheckpointReply(Info));
        await link.ReplyAsync(await link.ReceiveAsync(), new CheckpointPieceReply(1, "x"u8));
        await link.ReplyAsync(await link.ReceiveAsync(), new EmptyMessage(MessageType.CheckpointReleaseReply));
        Assert.That((await creating.Soon()).Id, Is.EqualTo(Info.Id));
        Assert.That((await reading.Soon()).Bytes.ToArray(), Is.EqualTo("x"u8.ToArray()));
        await releasing.Soon();
    }

    [Test]
    public async Task What_makes_no_sense_is_refused_before_it_is_sent()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();

        Assert.That(() => client.ReadCheckpointAsync(Info.Id, "CURRENT", -1, 1), Fails(StorageErrorCode.InvalidArgument));
        Assert.That(() => client.ReadCheckpointAsync(Info.Id, "CURRENT", 0, 0), Fails(StorageErrorCode.InvalidArgument));
        Assert.That(() => client.ReadCheckpointAsync(Info.Id, "CURRENT", 0, CheckpointInfo.MaxPieceBytes + 1), Fails(StorageErrorCode.InvalidArgument));
        Assert.That(() => client.ReadCheckpointAsync(Info.Id, "../CURRENT", 0, 1), Fails(StorageErrorCode.NotFound));
        Assert.That(server.Tried, Is.Empty);

        static NUnit.Framework.Constraints.IResolveConstraint Fails(StorageErrorCode code) =>
            Throws.InstanceOf<StorageException>().With.Property(nameof(StorageException.Code)).EqualTo(code);
    }

    [Test]
    public async Task A_server_that_has_no_checkpoints_says_so()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        Task<CheckpointInfo> creating = client.CreateCheckpointAsync().AsTask();
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReplyAsync(await link.ReceiveAsync(), new ErrorReply(StorageErrorCode.Unsupported, WriteOutcome.NotApplied, "no"));
        Assert.That((await creating.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.Unsupported));
    }

    [Test]
    public async Task More_than_was_asked_for_breaks_the_protocol()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        Task<CheckpointPiece> reading = client.ReadCheckpointAsync(Info.Id, "CURRENT", 0, 4).AsTask();
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReplyAsync(await link.ReceiveAsync(), new CheckpointPieceReply(1, "bytes"u8));
        Assert.That((await reading.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.ProtocolError));
        Assert.That((await link.ReceiveCloseAsync())!.Code, Is.EqualTo(Transport.CloseReason.ProtocolError));
    }

    [Test]
    public async Task A_cancelled_call_is_never_sent()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThatAsync(async () => await client.CreateCheckpointAsync(cancelled), Throws.InstanceOf<OperationCanceledException>());
        await Assert.ThatAsync(async () => await client.ReadCheckpointAsync(Info.Id, "CURRENT", 0, 1, cancelled), Throws.InstanceOf<OperationCanceledException>());
        await Assert.ThatAsync(async () => await client.ReleaseCheckpointAsync(Info.Id, cancelled), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(server.Tried, Is.Empty);
    }
}
