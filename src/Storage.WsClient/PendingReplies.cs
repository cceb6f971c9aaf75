using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient;

internal sealed class PendingGet : PendingReply<GetResult>
{
    public override MessageType Type => MessageType.Get;

    protected override GetResult Read(ReadOnlySpan<byte> body)
    {
        GetReply reply = GetReply.Read(body);
        return new GetResult(reply.Found ? reply.Value.ToArray() : null, reply.Revision);
    }

    protected override void Return(RequestPool pool) => pool.Gets.Return(this);
}

internal sealed class PendingGetMany : PendingReply<GetManyResult>
{
    public override MessageType Type => MessageType.GetMany;

    /// <summary>How many keys were asked for.</summary>
    public int KeyCount { get; set; }

    protected override GetManyResult Read(ReadOnlySpan<byte> body)
    {
        GetManyResult result = GetManyReply.Read(body);
        return result.Values.Length == KeyCount
            ? result
            : throw new StorageException(
                StorageErrorCode.ProtocolError, $"The server answered {KeyCount} keys with {result.Values.Length} values.");
    }

    protected override void Return(RequestPool pool) => pool.GetManys.Return(this);
}

internal sealed class PendingInfo : PendingReply<StorageInfo>
{
    public override MessageType Type => MessageType.Info;

    protected override StorageInfo Read(ReadOnlySpan<byte> body) => InfoReply.Read(body);

    // Seldom asked for: not worth keeping.
    protected override void Return(RequestPool pool) => ReleaseBody();
}

internal sealed class PendingKeepHistory : PendingReply<bool>
{
    public override MessageType Type => MessageType.KeepHistory;

    protected override bool Read(ReadOnlySpan<byte> body)
    {
        new BodyReader(body).ExpectEnd();
        return true;
    }

    protected override void Return(RequestPool pool) => ReleaseBody();
}

internal sealed class PendingInvalidate : PendingReply<int>
{
    public override MessageType Type => MessageType.Invalidate;

    protected override int Read(ReadOnlySpan<byte> body) => InvalidateReply.Read(body);

    protected override void Return(RequestPool pool) => ReleaseBody();
}
