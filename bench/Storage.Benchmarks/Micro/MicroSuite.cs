using System.Reflection;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;
using WsStorage.Benchmarks.Measuring;

namespace WsStorage.Benchmarks.Micro;

/// <summary>Runs classes of micro-benchmarks with BenchmarkDotNet, in this process and in short jobs.</summary>
/// <param name="artifacts">A directory for what BenchmarkDotNet leaves behind.</param>
internal sealed class MicroSuite(string artifacts)
{
    /// <summary>Runs the benchmarks of a class.</summary>
    /// <param name="title">What they measure.</param>
    /// <param name="type">The class.</param>
    /// <exception cref="InvalidOperationException">One of them failed, or cannot be measured in this build.</exception>
    public MicroTable Run(string title, Type type)
    {
        var log = new AccumulationLogger();
        Summary summary = BenchmarkRunner.Run(type, CreateConfig(log));
        if (summary.HasCriticalValidationErrors || summary.Reports.Any(report => report.ResultStatistics is null))
        {
            throw new InvalidOperationException($"The micro-benchmarks of {type.Name} failed:\n{log.GetLog()}");
        }

        return new MicroTable(title, [.. summary.Reports.Select(ToRow)]);
    }

    private static MicroRow ToRow(BenchmarkReport report) => new(
        report.BenchmarkCase.Descriptor.WorkloadMethod.GetCustomAttribute<BenchmarkAttribute>()!.Description!,
        report.ResultStatistics!.Mean,
        report.ResultStatistics.StandardError,
        report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? 0);

    private ManualConfig CreateConfig(ILogger log) => ManualConfig.CreateEmpty()
        .AddJob(Job.ShortRun
            .WithToolchain(InProcessEmitToolchain.Instance)
            .WithIterationTime(TimeInterval.FromMilliseconds(100))
            .WithIterationCount(5))
        .AddDiagnoser(MemoryDiagnoser.Default)
        .AddLogger(log)
        .WithArtifactsPath(artifacts)
        .WithOptions(ConfigOptions.DisableLogFile);
}
