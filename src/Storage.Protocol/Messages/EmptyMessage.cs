namespace WsStorage.Protocol.Messages;

/// <summary>
/// A message without a body: <see cref="MessageType.Info"/>, <see cref="MessageType.Cancel"/>,
/// <see cref="MessageType.KeepHistoryReply"/>, <see cref="MessageType.LeaseEndReply"/>,
/// <see cref="MessageType.CheckpointCreate"/> and <see cref="MessageType.CheckpointReleaseReply"/>.
/// </summary>
/// <param name="type">Its type.</param>
public readonly struct EmptyMessage(MessageType type) : IMessage
{
    /// <inheritdoc/>
    public MessageType Type { get; } = type;

    /// <inheritdoc/>
    public int BodyLength => 0;

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
    }
}
