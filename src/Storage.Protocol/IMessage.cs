namespace WsStorage.Protocol;

/// <summary>A message to be written: it knows its length before it is written, so that it is written once, in place.</summary>
public interface IMessage
{
    /// <summary>Its type.</summary>
    MessageType Type { get; }

    /// <summary>The exact length of its body, in bytes.</summary>
    int BodyLength { get; }

    /// <summary>Writes its body.</summary>
    /// <param name="writer">Takes exactly <see cref="BodyLength"/> bytes.</param>
    void WriteBody(ref BodyWriter writer);
}
