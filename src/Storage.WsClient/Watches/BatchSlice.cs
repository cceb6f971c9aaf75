namespace WsStorage.WsClient.Watches;

/// <summary>Batches of a pack that follow each other.</summary>
/// <param name="Pack">The pack.</param>
/// <param name="First">The place of the first.</param>
/// <param name="Count">How many.</param>
internal readonly record struct BatchSlice(BatchPack Pack, int First, int Count)
{
    /// <summary>The batches.</summary>
    public ReadOnlySpan<PackedBatch> Batches => Pack.Batches.Slice(First, Count);

    /// <summary>Keeps them, until the pack of what is returned is released: here, with all else that came in the same message; or
    /// by themselves, when readers who are slow hold a lot already that nobody else wants any more.</summary>
    /// <returns>The batches that are kept.</returns>
    public BatchSlice Keep()
    {
        if (Pack.Memory.IsCrowded)
        {
            return new BatchSlice(BatchPack.Copy(this), 0, Count);
        }

        Pack.AddUser();
        return this;
    }
}
