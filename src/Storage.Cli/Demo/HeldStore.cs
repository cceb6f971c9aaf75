namespace WsStorage.Cli.Demo;

/// <summary>What a store holds in the end.</summary>
/// <param name="Position">Epoch, revision, and the hash over all batches.</param>
/// <param name="Digest">All rows.</param>
/// <param name="Records">How many rows are numbered records.</param>
internal sealed record HeldStore(Position Position, StoreDigest Digest, long Records)
{
    public static async Task<HeldStore> ReadAsync(IStorage store)
    {
        StorageInfo info = await store.GetInfoAsync(CancellationToken.None);
        long records = 0;
        var options = new ScanOptions { Range = KeyRange.Prefix(DemoKeys.Records), KeysOnly = true };
        await foreach (ScanPage page in store.ScanPagesAsync(options, CancellationToken.None))
        {
            records += page.Count;
        }

        return new HeldStore(info.Position, await StoreDigest.ComputeAsync(store, CancellationToken.None), records);
    }
}
