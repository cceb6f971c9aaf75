using WsStorage.Benchmarks.Measuring;

namespace WsStorage.Benchmarks.Gate;

/// <summary>One thing that must not become much slower than it is.</summary>
/// <param name="Bound">What it must keep, far below what it reaches, so that a busy machine does not fail it.</param>
/// <param name="MeasureAsync">Measures it in as many rounds as it is told.</param>
internal sealed record GateCheck(Goal Bound, Func<int, CancellationToken, Task<Ratio>> MeasureAsync);
