using WsStorage.Protocol;
using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>Gathers the replies to what arrived together in packs of a good size. Not thread-safe.</summary>
internal sealed class ReplyWriter
{
    private PackBuffer? _pack;

    /// <summary>Where to; to be set before anything else is done.</summary>
    public MessageOutbox? Outbox { get; set; }

    /// <summary>Whether more replies wait for the client than may, these included.</summary>
    public bool IsOutboxFull => Outbox!.IsFull;

    public void Append<TMessage>(in TMessage message, RequestId id)
        where TMessage : IMessage, allows ref struct => GetPack(message.BodyLength).Append(message, id);

    public void Append(MessageType type, ReadOnlySpan<byte> body, RequestId id) => GetPack(body.Length).Append(type, body, id);

    /// <summary>Sends what was gathered.</summary>
    public void Flush()
    {
        if (_pack is { } pack)
        {
            _pack = null;
            Outbox!.Post(pack, alone: true);
        }
    }

    private PackBuffer GetPack(int bodyLength)
    {
        if (_pack is { } pack)
        {
            if (pack.HasRoomFor(bodyLength))
            {
                return pack;
            }

            Outbox!.Post(pack);
        }

        return _pack = Outbox!.RentPack();
    }
}
