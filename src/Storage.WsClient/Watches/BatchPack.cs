using System.Buffers;
using System.Runtime.CompilerServices;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient.Watches;

/// <summary>
/// Batches that one message told of, for as long as a watch has not read those that it was told. Filled by one thread; read by
/// others up to what they have been given since, and given back when the last of them has let go.
/// </summary>
internal sealed class BatchPack
{
    private readonly byte[] _bytes;
    private PackedBatch[] _batches;
    private int _usedBytes;
    private int _users = 1;

    /// <summary>Makes a pack, and its first user.</summary>
    /// <param name="bytes">How many bytes the batches take at the most.</param>
    /// <param name="count">How many batches there may be.</param>
    /// <param name="memory">Counts its memory.</param>
    public BatchPack(int bytes, int count, SharedMemory memory)
    {
        Memory = memory;
        _bytes = ArrayPool<byte>.Shared.Rent(bytes);
        _batches = ArrayPool<PackedBatch>.Shared.Rent(count);
        memory.Add(ByteCount);
    }

    /// <summary>Counts its memory.</summary>
    public SharedMemory Memory { get; }

    /// <summary>How many batches there are.</summary>
    public int Count { get; private set; }

    /// <summary>The batches that there are. For who fills it.</summary>
    public ReadOnlySpan<PackedBatch> Batches => _batches.AsSpan(0, Count);

    private int ByteCount => _bytes.Length + (_batches.Length * Unsafe.SizeOf<PackedBatch>());

    /// <summary>Copies batches into a pack of their own.</summary>
    /// <param name="slice">The batches.</param>
    /// <returns>The pack, of which the caller is the user.</returns>
    public static BatchPack Copy(in BatchSlice slice)
    {
        int bytes = 0;
        foreach (ref readonly PackedBatch batch in slice.Batches)
        {
            bytes += batch.ByteCount;
        }

        var copy = new BatchPack(bytes, slice.Count, slice.Pack.Memory);
        foreach (ref readonly PackedBatch batch in slice.Batches)
        {
            slice.Pack._bytes.AsSpan(batch.Start, batch.ByteCount).CopyTo(copy._bytes.AsSpan(copy._usedBytes));
            copy.Add(batch with { Start = copy._usedBytes });
        }

        return copy;
    }

    /// <summary>Adds a batch.</summary>
    /// <param name="batch">The batch; copied.</param>
    /// <param name="index">The number of the message that tells of it, within its pack.</param>
    public void Add(WatchBatchMessage batch, int index)
    {
        var added = new PackedBatch(
            index, batch.Revision, batch.Hash, batch.CommitTime.UtcTicks, _usedBytes, batch.Operations.Length, batch.Previous.Length);
        batch.Operations.CopyTo(_bytes.AsSpan(_usedBytes));
        batch.Previous.CopyTo(_bytes.AsSpan(_usedBytes + batch.Operations.Length));
        Add(added);
    }

    /// <summary>What a batch counts for the credit.</summary>
    /// <param name="place">The place of the batch.</param>
    public int CountBytes(int place) => _batches[place].ByteCount;

    /// <summary>The event of a batch, valid until the pack is let go.</summary>
    /// <param name="place">The place of the batch.</param>
    /// <param name="epoch">The epoch of the watch.</param>
    public WatchEvent ToEvent(int place, Guid epoch)
    {
        ref readonly PackedBatch batch = ref _batches[place];
        return WatchEvent.Changes(
            new Position(epoch, batch.Revision, batch.Hash),
            new DateTimeOffset(batch.CommitTicks, TimeSpan.Zero),
            _bytes.AsMemory(batch.Start, batch.OperationBytes),
            _bytes.AsMemory(batch.Start + batch.OperationBytes, batch.PreviousBytes));
    }

    /// <summary>Takes in one more user. Thread-safe, for who is one.</summary>
    public void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>Lets go, once for each user. Thread-safe.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Memory.Add(-ByteCount);
            ArrayPool<byte>.Shared.Return(_bytes);
            ArrayPool<PackedBatch>.Shared.Return(_batches);
        }
    }

    private void Add(in PackedBatch batch)
    {
        if (Count == _batches.Length)
        {
            Grow();
        }

        _batches[Count++] = batch;
        _usedBytes += batch.ByteCount;
    }

    /// <summary>Makes room. Who reads the smaller array may go on: it is left to the collector.</summary>
    private void Grow()
    {
        Memory.Add(-ByteCount);
        PackedBatch[] larger = ArrayPool<PackedBatch>.Shared.Rent(2 * Count);
        _batches.CopyTo(larger, 0);
        _batches = larger;
        Memory.Add(ByteCount);
    }
}
