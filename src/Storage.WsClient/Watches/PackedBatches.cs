using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient.Watches;

/// <summary>
/// The batches that the message at hand tells watches of: copied once, for all the watches that are told the same by a repeat.
/// Belongs to the loop that receives.
/// </summary>
internal sealed class PackedBatches
{
    private readonly SharedMemory _memory = new();
    private BatchPack? _pack;
    private int _messageBytes;
    private int _index;

    /// <summary>Begins with a message, bare or a pack, and with the first in it.</summary>
    /// <param name="messageBytes">How long the message is.</param>
    public void Begin(int messageBytes)
    {
        _messageBytes = messageBytes;
        _index = 0;
    }

    /// <summary>Goes on to the next message of the pack.</summary>
    public void MoveNext() => _index++;

    /// <summary>Lets go of what the message has told: the watches have taken it.</summary>
    public void End()
    {
        _pack?.Release();
        _pack = null;
    }

    /// <summary>Adds the batch that the message at hand, or the one in the pack, tells of.</summary>
    /// <param name="batch">The batch; copied.</param>
    /// <returns>The batch alone.</returns>
    public BatchSlice Add(WatchBatchMessage batch)
    {
        // No more can follow than there are bytes; and so many, if all are as this one.
        _pack ??= new BatchPack(_messageBytes, Math.Max(1, _messageBytes / batch.BodyLength), _memory);
        _pack.Add(batch, _index);
        return new BatchSlice(_pack, _pack.Count - 1, 1);
    }

    /// <summary>Finds what is repeated.</summary>
    /// <param name="repeat">The repeat that the message in the pack is.</param>
    /// <returns>The batches.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>: not all of what it names are
    /// batches.</exception>
    public BatchSlice Find(RepeatMessage repeat)
    {
        int first = _index - repeat.Back;
        ReadOnlySpan<PackedBatch> batches = _pack is null ? default : _pack.Batches;
        int place = batches.BinarySearch(new BatchIndex(first));
        return place >= 0 && repeat.Count <= batches.Length - place && batches[place + repeat.Count - 1].Index == first + repeat.Count - 1
            ? new BatchSlice(_pack!, place, repeat.Count)
            : throw new StorageException(
                StorageErrorCode.ProtocolError, "The server repeated what is no batch of a watch, or is not in the same pack.");
    }
}
