namespace WsStorage.Core.Sessions;

/// <summary>
/// The hash by which a write that is sent again is told from another one under the same number. It is on disks, so it never
/// changes; it guards against accidents, not against an attacker.
/// </summary>
public static class BodyHash
{
    /// <summary>Hashes the content of a batch.</summary>
    /// <param name="batch">The batch; its stamp does not count.</param>
    /// <returns>XXH64 of the packed operations, seeded with XXH64 of the packed preconditions with seed 0.</returns>
    public static ulong Of(WriteBatch batch) =>
        XxHash64.Hash(batch.PackedOperations, XxHash64.Hash(batch.PackedPreconditions, seed: 0));
}
