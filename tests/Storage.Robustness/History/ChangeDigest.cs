using WsStorage.Core;

namespace WsStorage.Robustness.History;

/// <summary>
/// Boils the changes of a batch down to 64 bits, so that millions of events can be kept and compared. Equal changes in equal
/// order give equal digests, whether they were written, logged or watched.
/// </summary>
internal static class ChangeDigest
{
    /// <summary>The digest of no change.</summary>
    public const ulong None = 0;

    /// <summary>The digest with one more change.</summary>
    public static ulong Append(ulong digest, BatchOperationKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> valueOrEnd) =>
        XxHash64.Hash(valueOrEnd, XxHash64.Hash(key, unchecked(digest + (ulong)kind)));

    /// <summary>The digest with what the last change's key held before.</summary>
    /// <param name="digest">The digest.</param>
    /// <param name="kind">What is known.</param>
    /// <param name="value">The digest of the value before; 0 when there is none.</param>
    public static ulong AppendPrevious(ulong digest, PreviousValueKind kind, ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BitConverter.TryWriteBytes(bytes, value);
        return XxHash64.Hash(bytes, unchecked(digest + (ulong)kind));
    }

    /// <summary>The digest of a value by itself.</summary>
    public static ulong OfValue(ReadOnlySpan<byte> value) => XxHash64.Hash(value, 0);

    /// <summary>The digest of a batch that is about to be written.</summary>
    public static ulong Of(WriteBatch batch)
    {
        ulong digest = None;
        foreach (BatchOperation operation in batch.Operations)
        {
            digest = Append(
                digest, operation.Kind, operation.Key, operation.Kind == BatchOperationKind.RemoveRange ? operation.End : operation.Value);
        }

        return digest;
    }
}
