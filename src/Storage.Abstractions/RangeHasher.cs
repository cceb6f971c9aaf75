using System.Runtime.CompilerServices;

namespace WsStorage;

/// <summary>Hashes the rows of a scan, range by range.</summary>
internal static class RangeHasher
{
    /// <summary>Hashes what a storage holds (<see cref="IRangeHashStorage.HashRangesAsync"/>).</summary>
    public static async IAsyncEnumerable<RangeHash> HashAsync(
        IStorage storage, RangeHashOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        options.Validate();
        if (options.Range.IsEmpty)
        {
            yield break;
        }

        // No row would tell at which revision there is none: it is this one or a later one.
        Revision revision = (await storage.GetInfoAsync(cancellationToken).ConfigureAwait(false)).Revision;
        ReadOnlyMemory<byte> start = options.Range.Start;
        ulong hash = 0;
        int rows = 0;
        long bytes = 0;
        var ended = new List<RangeHash>();
        var scan = new ScanOptions { Range = options.Range };
        await foreach (ScanPage page in storage.ScanPagesAsync(scan, cancellationToken).ConfigureAwait(false))
        {
            revision = page.Revision;
            Add(page);
            foreach (RangeHash each in ended)
            {
                yield return each;
            }

            ended.Clear();
        }

        yield return new RangeHash(revision, KeyRange.Between(start, options.Range.End), rows, hash);

        void Add(in ScanPage page)
        {
            ReadOnlyMemory<byte> rest = page.Rows;
            while (!rest.IsEmpty)
            {
                ReadOnlyMemory<byte> row = rest;
                ReadOnlyMemory<byte> key = PackedSlices.TakeField(ref rest);
                if (rows == options.RowsPerHash || bytes >= RangeHashOptions.MaxBytesPerHash)
                {
                    // The next range begins with the row that the last has no room for.
                    byte[] bound = key.ToArray();
                    ended.Add(new RangeHash(page.Revision, KeyRange.Between(start, bound), rows, hash));
                    (start, hash, rows, bytes) = (bound, 0, 0, 0);
                }

                _ = PackedSlices.TakeField(ref rest);
                row = row[..^rest.Length];
                hash = XxHash64.Hash(row.Span, hash);
                rows++;
                bytes += row.Length;
            }
        }
    }
}
