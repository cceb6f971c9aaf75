using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient.Tests;

/// <summary>A numbered write as a server gets it.</summary>
internal sealed record Numbered(RequestId Id, WriteStamp Stamp, byte[] Key, byte[] FullValue)
{
    public ulong Number => Stamp.Number;

    /// <summary>The first byte of the value of the first operation.</summary>
    public byte Value => FullValue[0];

    public static Numbered Read(ScriptedServer.Request request)
    {
        Assert.That(request.Type, Is.EqualTo(MessageType.NumberedWrite));
        var batch = new WriteBatch();
        NumberedWriteRequest.Read(request.Body, default, batch);
        foreach (BatchOperation operation in batch.Operations)
        {
            return new Numbered(request.Id, batch.Stamp!.Value, operation.Key.ToArray(), operation.Value.ToArray());
        }

        throw new AssertionException("The write has no operation.");
    }
}
