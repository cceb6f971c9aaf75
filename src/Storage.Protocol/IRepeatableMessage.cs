using WsStorage.Protocol.Messages;

namespace WsStorage.Protocol;

/// <summary>A message that may go out under several ids, and that a <see cref="RepeatMessage"/> may name in its place.</summary>
public interface IRepeatableMessage : IMessage
{
    /// <summary>Where to look for it: messages that say the same have the same number, and few others have.</summary>
    ulong Number { get; }

    /// <summary>Whether a body, written already, is that of this message.</summary>
    /// <param name="written">A body of the same type of message, and what follows it.</param>
    /// <returns>Whether it is.</returns>
    bool IsWrittenAt(ReadOnlySpan<byte> written);
}
