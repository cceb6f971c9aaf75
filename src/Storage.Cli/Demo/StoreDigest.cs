using System.Security.Cryptography;

namespace WsStorage.Cli.Demo;

/// <summary>What a full scan saw: enough to tell whether two stores hold the same.</summary>
/// <param name="Revision">The revision that it read.</param>
/// <param name="Rows">How many rows.</param>
/// <param name="Sha256">Of all keys and values with their lengths, in order.</param>
internal sealed record StoreDigest(ulong Revision, long Rows, string Sha256)
{
    public static async Task<StoreDigest> ComputeAsync(IStorage storage, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Revision revision = default;
        long rows = 0;
        await foreach (ScanPage page in storage.ScanPagesAsync(new ScanOptions(), cancellationToken))
        {
            hash.AppendData(page.Rows.Span);
            revision = page.Revision;
            rows += page.Count;
        }

        return new StoreDigest(revision.Value, rows, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
