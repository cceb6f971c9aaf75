using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Micro;

namespace WsStorage.Benchmarks.Scenarios;

/// <summary>The parts alone: codec, session without a socket, engines.</summary>
internal sealed class Microbenchmarks : IScenario
{
    public string Name => "micro";

    public string Title => "Codec, session without a socket, and engines alone: time and allocations per operation.";

    public Task RunAsync(Site site, ScenarioResult result, CancellationToken cancellationToken)
    {
        var suite = new MicroSuite(site.NewPath("micro"));
        foreach ((string title, Type type) in ((string, Type)[])
            [("codec", typeof(CodecBenchmarks)), ("session without a socket", typeof(SessionBenchmarks)), ("engine", typeof(EngineBenchmarks))])
        {
            cancellationToken.ThrowIfCancellationRequested();
            site.Progress.Report($"{title}: with BenchmarkDotNet, which takes some seconds for each operation");
            result.Add(suite.Run(title, type));
        }

        return Task.CompletedTask;
    }
}
