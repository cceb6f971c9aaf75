namespace WsStorage.Benchmarks.Measuring;

/// <summary>
/// Measures contenders in turn, round by round, so that what the machine does beside them meets all alike. What the first
/// rounds show is thrown away: they warm up.
/// </summary>
/// <param name="unit">What the contenders' values count.</param>
/// <param name="rounds">How many rounds count.</param>
/// <param name="progress">Told what goes on.</param>
internal sealed class Contest(string unit, int rounds, IProgress<string> progress)
{
    /// <summary>How many rounds warm up: a runtime that compiles while it runs takes a while to be as fast as it gets.</summary>
    public const int WarmUps = 2;

    private readonly List<Contender> _contenders = [];
    private readonly Dictionary<string, List<Sample>> _samples = new(StringComparer.Ordinal);

    /// <summary>Adds a contender.</summary>
    /// <param name="name">Who.</param>
    /// <param name="measureAsync">Measures once.</param>
    public Contest Add(string name, Func<CancellationToken, Task<Sample>> measureAsync)
    {
        _contenders.Add(new Contender(name, measureAsync));
        _samples.Add(name, []);
        return this;
    }

    /// <summary>Runs all rounds.</summary>
    /// <param name="cancellationToken">Ends them.</param>
    public async Task<Contest> RunAsync(CancellationToken cancellationToken)
    {
        for (int round = 1 - WarmUps; round <= rounds; round++)
        {
            foreach (Contender contender in _contenders)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Sample sample = await contender.MeasureAsync(cancellationToken);
                progress.Report($"{(round <= 0 ? "warm-up" : $"round {round} of {rounds}")}: {contender.Name}: {sample.Value:N0} {unit}");
                if (round > 0)
                {
                    _samples[contender.Name].Add(sample);
                }
            }
        }

        return this;
    }

    /// <summary>Whether a contender took part.</summary>
    public bool Has(string name) => _samples.ContainsKey(name);

    /// <summary>The values of a contender.</summary>
    public Series this[string name] => new(name, unit, [.. _samples[name].Select(sample => sample.Value)]);

    /// <summary>The values of all, in the order in which they were added.</summary>
    public IEnumerable<Series> All => _contenders.Select(contender => this[contender.Name]);

    /// <summary>A percentile of the latencies of a contender that measures them, in microseconds.</summary>
    /// <param name="name">Who.</param>
    /// <param name="share">From 0 to 1, such as 0.5.</param>
    public Series LatencyOf(string name, double share) => new(
        $"{name}, p{share * 100:0.##}", "us", [.. _samples[name].Select(sample => sample.Latencies!.Percentile(share).TotalMicroseconds)]);

    private sealed record Contender(string Name, Func<CancellationToken, Task<Sample>> MeasureAsync);
}
