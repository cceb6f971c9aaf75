using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient.Leases;

internal sealed class PendingLeaseGrant(ulong lease) : PendingReply<TimeSpan>
{
    public override MessageType Type => MessageType.LeaseGrant;

    protected override TimeSpan Read(ReadOnlySpan<byte> body)
    {
        (ulong granted, TimeSpan timeToLive) = LeaseGrantReply.Read(body);
        return granted == lease
            ? timeToLive
            : throw new StorageException(
                StorageErrorCode.ProtocolError, $"The server was asked for the lease {lease:x16} and granted {granted:x16}.");
    }

    protected override void Return(RequestPool pool) => ReleaseBody();
}

internal sealed class PendingLeaseEnd : PendingReply<bool>
{
    public override MessageType Type => MessageType.LeaseEnd;

    protected override bool Read(ReadOnlySpan<byte> body)
    {
        new BodyReader(body).ExpectEnd();
        return true;
    }

    protected override void Return(RequestPool pool) => ReleaseBody();
}
