namespace WsStorage.WsClient.Watches;

/// <summary>A batch of a watch in a <see cref="BatchPack"/>.</summary>
/// <param name="Index">The number of the message that tells of it, within its pack.</param>
/// <param name="Revision">Its revision.</param>
/// <param name="Hash">The hash of the position after it.</param>
/// <param name="CommitTicks">When it was committed, in ticks of UTC.</param>
/// <param name="Start">Where its operations begin; the previous values follow.</param>
/// <param name="OperationBytes">How long they are.</param>
/// <param name="PreviousBytes">How long the previous values are.</param>
internal readonly record struct PackedBatch(
    int Index, Revision Revision, ulong Hash, long CommitTicks, int Start, int OperationBytes, int PreviousBytes)
{
    /// <summary>What it counts for the credit.</summary>
    public int ByteCount => OperationBytes + PreviousBytes;
}

/// <summary>Looks for a batch by the number of its message.</summary>
/// <param name="index">The number.</param>
internal readonly struct BatchIndex(int index) : IComparable<PackedBatch>
{
    public int CompareTo(PackedBatch other) => index.CompareTo(other.Index);
}
