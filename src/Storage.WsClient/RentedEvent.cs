using System.Buffers;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient;

/// <summary>An event of a watch, perhaps in rented memory.</summary>
/// <param name="event">The event.</param>
/// <param name="memory">The memory that it lies in, if any.</param>
internal readonly struct RentedEvent(WatchEvent @event, byte[]? memory = null) : IDisposable
{
    public WatchEvent Event => @event;

    /// <summary>What it counts for the credit.</summary>
    public int ByteCount => @event.PackedOperations.Length + @event.PackedPrevious.Length;

    public static RentedEvent Copy(Position position, WatchBatchMessage batch)
    {
        int split = batch.Operations.Length;
        int length = split + batch.Previous.Length;
        byte[] memory = ArrayPool<byte>.Shared.Rent(length);
        batch.Operations.CopyTo(memory);
        batch.Previous.CopyTo(memory.AsSpan(split));
        return new RentedEvent(
            WatchEvent.Changes(position, batch.CommitTime, memory.AsMemory(0, split), memory.AsMemory(split, length - split)), memory);
    }

    public void Dispose()
    {
        if (memory is not null)
        {
            ArrayPool<byte>.Shared.Return(memory);
        }
    }
}
