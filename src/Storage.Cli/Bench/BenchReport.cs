using System.Globalization;
using System.Text.Json;
using WsStorage.Cli.Terminal;

namespace WsStorage.Cli.Bench;

/// <summary>Prints results as they come: columns for people, or JSON lines.</summary>
internal sealed class BenchReport(BenchPlan plan, StandardOutput output, bool json)
{
    private static readonly (string Name, double Share)[] Percentiles = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];

    private readonly List<BenchResult> _results = [];

    public async ValueTask BeginAsync(StorageInfo info)
    {
        if (json)
        {
            return;
        }

        string operations = plan.Operations is { } count ? $"{count:N0} operations" : $"{plan.Duration.TotalSeconds:0.##} s";
        output.WriteLine($"{info.Engine}, {info.Durability.ToString().ToLowerInvariant()}; {plan.Keys:N0} keys, values of {plan.ValueBytes:N0} bytes, {plan.Connections} connection(s), {operations} a run; latencies in ms");
        output.WriteLine($"{"",-5}{"depth",7}{"operations/s",15}{"p50",10}{"p90",10}{"p99",10}{"p99.9",10}{"max",10}");
        await output.FlushAsync();
    }

    public async ValueTask AddAsync(BenchResult result)
    {
        _results.Add(result);
        if (json)
        {
            WriteJson(result);
        }
        else
        {
            string latencies = string.Concat(Percentiles.Select(p => $"{Milliseconds(result.Latencies.Percentile(p.Share)),10}"));
            output.WriteLine($"{Name(result.Workload),-5}{result.Depth,7}{result.OperationsPerSecond,15:N0}{latencies}{Milliseconds(result.Latencies.Max),10}");
        }

        await output.FlushAsync();
    }

    /// <summary>Compares each workload's greatest depth with its smallest, and says what went wrong.</summary>
    /// <returns>The exit code.</returns>
    public async ValueTask<int> EndAsync()
    {
        if (!json)
        {
            foreach (IGrouping<Workload, BenchResult> runs in _results.GroupBy(result => result.Workload))
            {
                BenchResult shallow = runs.MinBy(run => run.Depth)!;
                BenchResult deep = runs.MaxBy(run => run.Depth)!;
                if (deep.Depth > shallow.Depth)
                {
                    output.WriteLine($"{Name(runs.Key)}: depth {deep.Depth} reaches {deep.OperationsPerSecond / shallow.OperationsPerSecond:0.0} times the rate of depth {shallow.Depth}");
                }
            }
        }

        await output.FlushAsync();
        long mismatches = _results.Sum(result => result.Mismatches);
        if (mismatches == 0)
        {
            return ExitCode.Done;
        }

        Failure.Say($"{mismatches:N0} values that were read are not what was written.");
        return ExitCode.NotFound;
    }

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Name(Workload workload) => workload.ToString().ToLowerInvariant();

    private void WriteJson(BenchResult result)
    {
        using var writer = new Utf8JsonWriter(output.Buffer);
        writer.WriteStartObject();
        writer.WriteString("workload", Name(result.Workload));
        writer.WriteNumber("depth", result.Depth);
        writer.WriteNumber("connections", plan.Connections);
        writer.WriteNumber("keys", plan.Keys);
        writer.WriteNumber("valueBytes", plan.ValueBytes);
        writer.WriteNumber("operations", result.Latencies.Count);
        writer.WriteNumber("seconds", result.Elapsed.TotalSeconds);
        writer.WriteNumber("operationsPerSecond", result.OperationsPerSecond);
        writer.WriteNumber("mismatches", result.Mismatches);
        writer.WriteStartObject("latencyMilliseconds");
        foreach ((string name, double share) in Percentiles)
        {
            writer.WriteNumber(name, result.Latencies.Percentile(share).TotalMilliseconds);
        }

        writer.WriteNumber("max", result.Latencies.Max.TotalMilliseconds);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.Flush();
        output.Write("\n"u8);
    }
}
