namespace WsStorage.Core;

/// <summary>
/// The hash in a <see cref="Position"/>: each batch's is XXH64 of its packed operations, seeded with the hash before it
/// and its revision. Stores that have committed the same batches in the same order have the same hash. It is part of what
/// is stored and sent, so it never changes; it guards against accidents, not against an attacker.
/// </summary>
public static class ChainHash
{
    /// <summary>The hash of the empty store, at revision 0.</summary>
    public const ulong Seed = 0;

    /// <summary>The hash after one more batch.</summary>
    /// <param name="previous">The hash before it.</param>
    /// <param name="revision">The batch's revision.</param>
    /// <param name="packedOperations">What <see cref="WriteBatch.PackedOperations"/> gives.</param>
    /// <returns>The hash.</returns>
    public static ulong Append(ulong previous, Revision revision, ReadOnlySpan<byte> packedOperations) =>
        XxHash64.Hash(packedOperations, XxHash64.Round(previous, revision.Value));
}
