namespace WsStorage.Benchmarks.Scenarios;

/// <summary>How much is measured.</summary>
internal sealed record RunOptions
{
    /// <summary>How many rounds count, after one that warms up.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>How long each contender is measured in each round.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How many keys a store has, where a goal does not say.</summary>
    public int Keys { get; init; } = 1_000_000;

    /// <summary>The length of a value, in bytes.</summary>
    public int ValueBytes { get; init; } = 100;
}
