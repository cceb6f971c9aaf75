namespace WsStorage.Cli.Bench;

/// <summary>What is measured.</summary>
internal enum Workload
{
    /// <summary>Reads of single keys.</summary>
    Get,

    /// <summary>Writes of single keys that exist.</summary>
    Put,

    /// <summary>Both.</summary>
    Mix,
}

/// <summary>How it is measured.</summary>
internal sealed record BenchPlan
{
    public required IReadOnlyList<Workload> Workloads { get; init; }

    /// <summary>How many operations of a connection are outstanding at once, one run for each.</summary>
    public required IReadOnlyList<int> Depths { get; init; }

    public required int Connections { get; init; }

    public required int Keys { get; init; }

    public required int ValueBytes { get; init; }

    /// <summary>The share of gets in <see cref="Workload.Mix"/>, in percent.</summary>
    public required int MixPercent { get; init; }

    /// <summary>How long a run is measured, unless <see cref="Operations"/> is given.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>How long a run goes on before it is measured.</summary>
    public required TimeSpan WarmUp { get; init; }

    /// <summary>How many operations a run measures.</summary>
    public long? Operations { get; init; }

    public void Validate()
    {
        AtLeast("--connections", Connections, 1);
        AtLeast("--keys", Keys, 1);
        AtLeast("--value-size", ValueBytes, 0);
        AtLeast("--operations", Operations ?? 1, 1);
        foreach (int depth in Depths)
        {
            AtLeast("--depth", depth, 1);
        }

        if (MixPercent is < 0 or > 100)
        {
            throw new UsageException($"--mix is {MixPercent}; it must be from 0 to 100 percent of gets.");
        }

        if (Duration <= TimeSpan.Zero || WarmUp < TimeSpan.Zero)
        {
            throw new UsageException("--seconds must be more than 0, and --warm-up at least 0.");
        }
    }

    private static void AtLeast(string name, long value, long least)
    {
        if (value < least)
        {
            throw new UsageException($"{name} is {value}; it must be at least {least}.");
        }
    }
}

/// <summary>What a run showed.</summary>
internal sealed record BenchResult(Workload Workload, int Depth, LatencyHistogram Latencies, TimeSpan Elapsed, long Mismatches)
{
    /// <summary>How many operations each connection did while it was measured.</summary>
    public required IReadOnlyList<long> OperationsByConnection { get; init; }

    public double OperationsPerSecond => Latencies.Count / Elapsed.TotalSeconds;
}
