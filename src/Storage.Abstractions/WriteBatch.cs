namespace WsStorage;

/// <summary>
/// Preconditions and operations that apply together or not at all. A builder that can be cleared and used again; not
/// thread-safe, and not to be changed while a storage works on it.
/// </summary>
/// <remarks>
/// The batch lives in its wire form from the start (see <see cref="BatchOperationKind"/> and
/// <see cref="PreconditionKind"/>): what is built here is sent, logged and followed as it stands, without being encoded
/// again.
/// </remarks>
public sealed class WriteBatch
{
    private PackedBytes _preconditions;
    private PackedBytes _operations;

    /// <summary>How many operations there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many preconditions there are.</summary>
    public int PreconditionCount { get; private set; }

    /// <summary>The bytes that the batch takes, preconditions and operations together.</summary>
    public int ByteCount => _preconditions.Length + _operations.Length;

    /// <summary>The length of the longest value in a put or a precondition, in bytes.</summary>
    public int LongestValueBytes { get; private set; }

    /// <summary>The operations, packed; valid until the batch is changed.</summary>
    public ReadOnlySpan<byte> PackedOperations => _operations.Span;

    /// <summary>The preconditions, packed; valid until the batch is changed.</summary>
    public ReadOnlySpan<byte> PackedPreconditions => _preconditions.Span;

    /// <summary>The operations in their order; valid until the batch is changed.</summary>
    public BatchOperations Operations => new(_operations.Span);

    /// <summary>The preconditions in their order; valid until the batch is changed.</summary>
    public BatchPreconditions Preconditions => new(_preconditions.Span);

    /// <summary>
    /// Which write of which session this is; none by default. Set by a server, and heeded by an
    /// <see cref="IExactlyOnceStorage"/>; a client numbers its writes by itself.
    /// </summary>
    public WriteStamp? Stamp { get; set; }

    /// <summary>Sets a key to a value.</summary>
    /// <param name="key">The key; copied.</param>
    /// <param name="value">The value; copied.</param>
    /// <returns>This batch.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public WriteBatch Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        StorageLimits.CheckKey(key);
        _operations.Append((byte)BatchOperationKind.Put, key, value);
        LongestValueBytes = Math.Max(LongestValueBytes, value.Length);
        Count++;
        return this;
    }

    /// <summary>Removes a key, present or not.</summary>
    /// <param name="key">The key; copied.</param>
    /// <returns>This batch.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public WriteBatch Remove(ReadOnlySpan<byte> key)
    {
        StorageLimits.CheckKey(key);
        _operations.Append((byte)BatchOperationKind.Remove, key);
        Count++;
        return this;
    }

    /// <summary>Removes every key in a range.</summary>
    /// <param name="range">The range; copied. An empty one removes nothing.</param>
    /// <returns>This batch.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public WriteBatch RemoveRange(KeyRange range)
    {
        range.CheckBounds();
        _operations.Append((byte)BatchOperationKind.RemoveRange, range.Start.Span, range.End.Span);
        Count++;
        return this;
    }

    /// <summary>Demands that a key is absent.</summary>
    /// <param name="key">The key; copied.</param>
    /// <returns>This batch.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public WriteBatch RequireAbsent(ReadOnlySpan<byte> key) => Require(PreconditionKind.Absent, key);

    /// <summary>Demands that a key is present.</summary>
    /// <param name="key">The key; copied.</param>
    /// <returns>This batch.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public WriteBatch RequirePresent(ReadOnlySpan<byte> key) => Require(PreconditionKind.Present, key);

    /// <summary>Demands that a key is present with exactly this value.</summary>
    /// <param name="key">The key; copied.</param>
    /// <param name="value">The value; copied.</param>
    /// <returns>This batch.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public WriteBatch RequireEqual(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        StorageLimits.CheckKey(key);
        _preconditions.Append((byte)PreconditionKind.Equal, key, value);
        LongestValueBytes = Math.Max(LongestValueBytes, value.Length);
        PreconditionCount++;
        return this;
    }

    /// <summary>Empties the batch and keeps its memory for the next use.</summary>
    /// <returns>This batch.</returns>
    public WriteBatch Clear()
    {
        _preconditions.Clear();
        _operations.Clear();
        Count = 0;
        PreconditionCount = 0;
        LongestValueBytes = 0;
        Stamp = null;
        return this;
    }

    /// <summary>Replaces the content by a batch in its packed form, as it came over a wire or out of a log.</summary>
    /// <param name="preconditions">What <see cref="PackedPreconditions"/> gave; copied.</param>
    /// <param name="operations">What <see cref="PackedOperations"/> gave; copied.</param>
    /// <returns>This batch.</returns>
    /// <exception cref="FormatException">The bytes are not a batch; this batch is left empty.</exception>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.KeyTooLarge"/>; this batch is left empty.</exception>
    public WriteBatch Load(ReadOnlySpan<byte> preconditions, ReadOnlySpan<byte> operations)
    {
        Clear();
        int count = 0;
        int preconditionCount = 0;
        int longest = 0;
        foreach (BatchPrecondition precondition in new BatchPreconditions(preconditions))
        {
            StorageLimits.CheckKey(precondition.Key);
            longest = Math.Max(longest, precondition.Value.Length);
            preconditionCount++;
        }

        foreach (BatchOperation operation in new BatchOperations(operations))
        {
            KeyRange.CheckBounds(operation.Key, operation.End);
            longest = Math.Max(longest, operation.Value.Length);
            count++;
        }

        _preconditions.Append(preconditions);
        _operations.Append(operations);
        Count = count;
        PreconditionCount = preconditionCount;
        LongestValueBytes = longest;
        return this;
    }

    private WriteBatch Require(PreconditionKind kind, ReadOnlySpan<byte> key)
    {
        StorageLimits.CheckKey(key);
        _preconditions.Append((byte)kind, key);
        PreconditionCount++;
        return this;
    }
}
