using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient;

internal sealed class PendingCheckpointCreate : PendingReply<CheckpointInfo>
{
    public override MessageType Type => MessageType.CheckpointCreate;

    protected override CheckpointInfo Read(ReadOnlySpan<byte> body) => CheckpointReply.Read(body);

    // Seldom asked for: not worth keeping. So are the other two.
    protected override void Return(RequestPool pool) => ReleaseBody();
}

/// <summary>A read of a piece.</summary>
/// <param name="length">How many bytes are asked for.</param>
internal sealed class PendingCheckpointRead(int length) : PendingReply<CheckpointPiece>
{
    public override MessageType Type => MessageType.CheckpointRead;

    protected override CheckpointPiece Read(ReadOnlySpan<byte> body)
    {
        CheckpointPieceReply reply = CheckpointPieceReply.Read(body);
        if (reply.Bytes.Length > length)
        {
            throw new StorageException(
                StorageErrorCode.ProtocolError, $"The server answered a read of {length} bytes with {reply.Bytes.Length}.");
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>(reply.Bytes.Length);
        reply.Bytes.CopyTo(bytes);
        return new CheckpointPiece(bytes, reply.Hash);
    }

    protected override void Return(RequestPool pool) => ReleaseBody();
}

internal sealed class PendingCheckpointRelease : PendingReply<bool>
{
    public override MessageType Type => MessageType.CheckpointRelease;

    protected override bool Read(ReadOnlySpan<byte> body)
    {
        new BodyReader(body).ExpectEnd();
        return true;
    }

    protected override void Return(RequestPool pool) => ReleaseBody();
}
