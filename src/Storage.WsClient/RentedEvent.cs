using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient;

/// <summary>An event of a watch, perhaps in rented memory.</summary>
/// <param name="event">The event.</param>
/// <param name="chunk">What it lies in, if anything.</param>
internal readonly struct RentedEvent(WatchEvent @event, EventChunk? chunk = null) : IDisposable
{
    public WatchEvent Event => @event;

    /// <summary>What it counts for the credit.</summary>
    public int ByteCount => @event.PackedOperations.Length + @event.PackedPrevious.Length;

    public static RentedEvent Copy(Position position, WatchBatchMessage batch, EventMemory memory)
    {
        int split = batch.Operations.Length;
        EventChunk chunk = memory.Take(split + batch.Previous.Length, out Memory<byte> copy);
        batch.Operations.CopyTo(copy.Span);
        batch.Previous.CopyTo(copy.Span[split..]);
        return new RentedEvent(WatchEvent.Changes(position, batch.CommitTime, copy[..split], copy[split..]), chunk);
    }

    public void Dispose() => chunk?.Release();
}
