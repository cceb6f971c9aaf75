using WsStorage.Cli.Bench;

namespace WsStorage.Benchmarks.Measuring;

/// <summary>What one contender showed in one round.</summary>
/// <param name="Value">The figure that is compared, in the unit of the contest.</param>
/// <param name="Latencies">How long its operations took, where that was measured.</param>
internal sealed record Sample(double Value, LatencyHistogram? Latencies = null);
