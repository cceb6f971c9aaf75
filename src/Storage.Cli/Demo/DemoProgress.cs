using System.Diagnostics;
using Spectre.Console;
using WsStorage.Cli.Terminal;

namespace WsStorage.Cli.Demo;

/// <summary>Shows how the demo goes: in place on a terminal, a line a second elsewhere.</summary>
internal sealed class DemoProgress(
    Producer producer, Ledger ledger, Disturber disturber, Func<ClientReport> client, Func<ReplicaReport> replica)
{
    private static readonly TimeSpan TerminalInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(1);

    private readonly long _start = Stopwatch.GetTimestamp();
    private int _shown;

    /// <summary>Shows it until it is told to stop.</summary>
    public Task RunAsync(CancellationToken stop) => StandardOutput.IsTerminal
        ? AnsiConsole.Live(Draw()).StartAsync(context => EveryAsync(TerminalInterval, () => context.UpdateTarget(Draw()), stop))
        : EveryAsync(PlainInterval, WriteLines, stop);

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
            // The end that was asked for; what follows is the summary, and before it what came last.
            show();
        }
    }

    private void WriteLines()
    {
        foreach (Disturbance disturbance in disturber.Done.Skip(_shown))
        {
            Console.WriteLine(disturbance);
            _shown++;
        }

        ClientReport report = client();
        double seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        Console.WriteLine($"{seconds,5:0.0} s   recorded {producer.Recorded:N0} readings and {ledger.Acknowledged:N0} records   client read {report.ValuesRead:N0} values, {report.ValuesRead / seconds:N0}/s, get p50 {report.GetP50Milliseconds:0.000} ms, p99 {report.GetP99Milliseconds:0.000} ms, and was told {report.Watched:N0} batches   replica {DescribeReplica()}");
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
            .AddRow("records acknowledged", $"{ledger.Acknowledged:N0}", $"{ledger.Acknowledged / seconds:N0}", "")
            .AddRow("batches told by the watch", $"{report.Watched:N0}", $"{report.Watched / seconds:N0}", "")
            .AddRow("values read by the client", $"{report.ValuesRead:N0}", $"{report.ValuesRead / seconds:N0}", "")
            .AddRow("  single gets", $"{report.Gets:N0}", $"{report.Gets / seconds:N0}", $"p50 {report.GetP50Milliseconds:0.000} ms, p99 {report.GetP99Milliseconds:0.000} ms")
            .AddRow("  many-gets", $"{report.ManyGets:N0}", $"{report.ManyGets / seconds:N0}", "")
            .AddRow("  prefix scans", $"{report.Scans:N0}", $"{report.Scans / seconds:N0}", "")
            .AddRow("atomic batches", $"{report.Batches:N0}", $"{report.Batches / seconds:N0}", $"and {report.RefusedBatches:N0} refused, as their precondition did not hold")
            .AddRow("revision of the replica", $"{replica().Revision:N0}", "", Markup.Escape(DescribeReplica()))
            .AddRow("disturbances", $"{disturber.Done.Count:N0}", "", Markup.Escape(disturber.Done.LastOrDefault()?.ToString().Trim() ?? ""));
    }

    private string DescribeReplica() => replica() switch
    {
        { Phase: "" } => "starting",
        { Lag: { } lag } report => $"{report.Phase}, {lag:N0} behind",
        var report => report.Phase,
    };
}
