using System.Diagnostics;
using WsStorage.Benchmarks.Measuring;

namespace WsStorage.Benchmarks.Load;

/// <summary>The disk alone.</summary>
internal static class DiskLoad
{
    private const int PieceBytes = 1 << 20;

    /// <summary>Writes so many bytes to a file, and has them synced.</summary>
    /// <param name="path">The file; gone afterwards.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Megabytes per second.</returns>
    public static async Task<Sample> MeasureAsync(string path, long bytes, CancellationToken cancellationToken)
    {
        byte[] piece = new byte[PieceBytes];
        Random.Shared.NextBytes(piece);
        long start = Stopwatch.GetTimestamp();
        await using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            for (long written = 0; written < bytes; written += piece.Length)
            {
                await file.WriteAsync(piece.AsMemory(0, (int)Math.Min(piece.Length, bytes - written)), cancellationToken);
            }

            file.Flush(flushToDisk: true);
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        File.Delete(path);
        return new Sample(bytes / 1e6 / seconds);
    }
}
