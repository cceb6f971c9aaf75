using System.Globalization;

namespace WsStorage.Robustness.Replicas;

/// <summary>A whole store in a few numbers: where it is, and what a scan of all of its rows found.</summary>
/// <param name="Position">Where it is.</param>
/// <param name="Rows">How many rows it has.</param>
/// <param name="Hash">The hash of all keys and values, in their order.</param>
internal readonly record struct StoreDigest(Position Position, long Rows, ulong Hash)
{
    /// <summary>Scans a store to which nothing happens meanwhile.</summary>
    public static async Task<StoreDigest> ReadAsync(IStorage storage)
    {
        Position position = (await storage.GetInfoAsync()).Position;
        long rows = 0;
        ulong hash = 0;
        await foreach (ScanPage page in storage.ScanPagesAsync(new ScanOptions { PageBytes = 1 << 20 }))
        {
            foreach (ScanPage.Row row in page)
            {
                hash = XxHash64.Hash(row.Value.Span, XxHash64.Hash(row.Key.Span, hash));
                rows++;
            }
        }

        return new StoreDigest(position, rows, hash);
    }

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static StoreDigest Parse(string line)
    {
        string[] parts = line.Split(' ');
        return Position.TryParse(parts[0], out Position position)
            ? new StoreDigest(position, long.Parse(parts[1], CultureInfo.InvariantCulture), ulong.Parse(parts[2], NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            : throw new FormatException($"'{line}' is no digest of a store.");
    }

    /// <summary>One line.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Position} {Rows} {Hash:x16}");
}
