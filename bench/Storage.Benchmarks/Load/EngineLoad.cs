using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.Cli.Bench;

namespace WsStorage.Benchmarks.Load;

/// <summary>The engine called directly, in the process and over the data that the server serves.</summary>
internal static class EngineLoad
{
    /// <summary>What the server reads or commits together when much is outstanding.</summary>
    public const int Together = 128;

    /// <summary>Measures gets, or puts in batches of one.</summary>
    /// <exception cref="WrongValueException">A value that was read was not what was written.</exception>
    public static Task<Sample> MeasureAsync(
        HostProcess host, Workload workload, RunOptions options, int keys, CancellationToken cancellationToken) =>
        MeasureAsync(host, new EngineQuestion(workload, Together, RowsPerBatch: 1, keys, options.ValueBytes, options.Duration), cancellationToken);

    /// <summary>Measures what a question says.</summary>
    /// <returns>Keys per second.</returns>
    /// <exception cref="WrongValueException">A value that was read was not what was written.</exception>
    public static async Task<Sample> MeasureAsync(HostProcess host, EngineQuestion question, CancellationToken cancellationToken)
    {
        EngineAnswer answer = await host.AskAsync<EngineAnswer>(question, cancellationToken);
        return answer.Mismatches == 0
            ? new Sample(answer.OperationsPerSecond)
            : throw new WrongValueException($"{answer.Mismatches:N0} values that the engine gave are not what was written.");
    }
}
