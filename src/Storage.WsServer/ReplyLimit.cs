using WsStorage.Protocol.Messages;

namespace WsStorage.WsServer;

/// <summary>What a client is told whose answer is larger than the messages that it takes.</summary>
internal static class ReplyLimit
{
    public static ErrorReply TooLarge(long length, int maxMessageBytes) => new(
        StorageErrorCode.ResultTooLarge,
        WriteOutcome.NotApplied,
        $"The answer is {length} bytes long; the client takes messages of at most {maxMessageBytes}. Ask for less at once, or let the client take larger messages.");
}
