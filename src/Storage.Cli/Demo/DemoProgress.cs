using System.Diagnostics;
using Spectre.Console;
using WsStorage.Cli.Terminal;

namespace WsStorage.Cli.Demo;

/// <summary>Shows how the demo goes: in place on a terminal, a line a second elsewhere.</summary>
internal sealed class DemoProgress(Producer producer, Func<ClientReport> client)
{
    private static readonly TimeSpan TerminalInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(1);

    private readonly long _start = Stopwatch.GetTimestamp();

    /// <summary>Shows it until it is told to stop.</summary>
    public Task RunAsync(CancellationToken stop) => StandardOutput.IsTerminal
        ? AnsiConsole.Live(Draw()).StartAsync(context => EveryAsync(TerminalInterval, () => context.UpdateTarget(Draw()), stop))
        : EveryAsync(PlainInterval, () => Console.WriteLine(DescribePlainly()), stop);

    private static async Task EveryAsync(TimeSpan interval, Action show, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(interval);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                show();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The end that was asked for; what follows is the summary.
        }
    }

    private string DescribePlainly()
    {
        ClientReport report = client();
        double seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        return $"{seconds,5:0.0} s   recorded {producer.Recorded:N0} readings, {producer.Recorded / seconds:0}/s   client read {report.ValuesRead:N0} values, {report.ValuesRead / seconds:N0}/s, get p50 {report.GetP50Milliseconds:0.000} ms, p99 {report.GetP99Milliseconds:0.000} ms";
    }

    private Table Draw()
    {
        ClientReport report = client();
        double seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        return new Table()
            .Border(TableBorder.Rounded)
            .AddColumn($"{seconds:0.0} s")
            .AddColumn(new TableColumn("in all").RightAligned())
            .AddColumn(new TableColumn("a second").RightAligned())
            .AddColumn("")
            .AddRow("readings recorded", $"{producer.Recorded:N0}", $"{producer.Recorded / seconds:N0}", Markup.Escape(report.Newest))
            .AddRow("values read by the client", $"{report.ValuesRead:N0}", $"{report.ValuesRead / seconds:N0}", "")
            .AddRow("  single gets", $"{report.Gets:N0}", $"{report.Gets / seconds:N0}", $"p50 {report.GetP50Milliseconds:0.000} ms, p99 {report.GetP99Milliseconds:0.000} ms")
            .AddRow("  many-gets", $"{report.ManyGets:N0}", $"{report.ManyGets / seconds:N0}", "")
            .AddRow("  prefix scans", $"{report.Scans:N0}", $"{report.Scans / seconds:N0}", "")
            .AddRow("atomic batches", $"{report.Batches:N0}", $"{report.Batches / seconds:N0}", $"and {report.RefusedBatches:N0} refused, as their precondition did not hold");
    }
}
