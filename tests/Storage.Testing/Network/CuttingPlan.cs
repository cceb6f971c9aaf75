namespace WsStorage.Testing.Network;

/// <summary>How a <see cref="CuttingProxy"/> harms the connections that it carries: each gets a fault of its own, by chance.</summary>
public sealed record CuttingPlan
{
    /// <summary>The share of connections that are left alone, from 0 to 1.</summary>
    public double Unharmed { get; init; } = 0.25;

    /// <summary>
    /// The share of those harmed that end after a number of bytes in one of the directions, from 0 to 1; the others end after
    /// a time. Sizes are spread evenly over their orders of magnitude, so that many connections end within their handshake.
    /// </summary>
    public double ByBytes { get; init; } = 1;

    /// <summary>The most bytes after which a connection ends.</summary>
    public long MaxBytes { get; init; } = 300_000;

    /// <summary>The least time after which a connection ends, of those that end after a time.</summary>
    public TimeSpan MinLife { get; init; }

    /// <summary>
    /// The most time after which a connection that is harmed ends, however few bytes have passed. Default: none, which only
    /// makes sense when all end after a number of bytes.
    /// </summary>
    public TimeSpan MaxLife { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>The share of those harmed that hang before they end, from 0 to 1.</summary>
    public double Stalls { get; init; } = 0.33;

    /// <summary>The longest that a connection hangs.</summary>
    public TimeSpan MaxStall { get; init; } = TimeSpan.FromMilliseconds(600);

    /// <summary>The share of those harmed that end by a reset in the place of an orderly end, from 0 to 1.</summary>
    public double Resets { get; init; } = 0.5;

    /// <summary>Draws a fault for a connection.</summary>
    /// <param name="random">The source of chance.</param>
    /// <returns>The fault, or <see langword="null"/> for none.</returns>
    internal ConnectionFault? Draw(Random random)
    {
        if (random.NextDouble() < Unharmed)
        {
            return null;
        }

        TimeSpan stall = random.NextDouble() < Stalls ? MaxStall * random.NextDouble() : TimeSpan.Zero;
        bool reset = random.NextDouble() < Resets;
        if (random.NextDouble() >= ByBytes)
        {
            return new ConnectionFault(long.MaxValue, long.MaxValue, MinLife + ((MaxLife - MinLife) * random.NextDouble()), stall, reset);
        }

        long bytes = Math.Max(1, (long)Math.Exp(random.NextDouble() * Math.Log(MaxBytes)));
        return random.Next(2) == 0
            ? new ConnectionFault(bytes, long.MaxValue, MaxLife, stall, reset)
            : new ConnectionFault(long.MaxValue, bytes, MaxLife, stall, reset);
    }
}

/// <summary>What befalls one connection.</summary>
/// <param name="UpBytes">It ends after so many bytes to the server.</param>
/// <param name="DownBytes">It ends after so many bytes to the client.</param>
/// <param name="Life">It ends after this time, unless infinite.</param>
/// <param name="Stall">It hangs for this long before it ends.</param>
/// <param name="IsReset">It ends by a reset.</param>
internal sealed record ConnectionFault(long UpBytes, long DownBytes, TimeSpan Life, TimeSpan Stall, bool IsReset);
