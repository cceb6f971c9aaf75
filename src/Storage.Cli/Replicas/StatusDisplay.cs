using WsStorage.Cli.Terminal;
using WsStorage.Replica;

namespace WsStorage.Cli.Replicas;

/// <summary>
/// Shows how a replica stands: on stderr, in place where that is a terminal and now and then a line elsewhere; or as lines of JSON
/// on stdout.
/// </summary>
internal sealed class StatusDisplay(Func<ReplicaStatus> status, bool json)
{
    private static readonly TimeSpan TerminalInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan JsonInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(5);

    // A log is to tell that all is well, not to fill with it.
    private const int PlainLinesSkippedWhileLive = 11;

    private readonly BatchRate _rate = new(TimeProvider.System);
    private int _skipped;

    /// <summary>Shows it until it is told to stop, and then once more.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        await using StandardOutput? output = json ? new StandardOutput() : null;
        using var timer = new PeriodicTimer(json ? JsonInterval : StatusLine.IsTerminal ? TerminalInterval : PlainInterval);
        try
        {
            do
            {
                await ShowAsync(output);
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The end that was asked for.
        }

        _skipped = PlainLinesSkippedWhileLive;
        await ShowAsync(output);
        StatusLine.End();
    }

    private async ValueTask ShowAsync(StandardOutput? lines)
    {
        ReplicaStatus now = status();
        double rate = _rate.Sample(now.AppliedBatches);
        if (lines is not null)
        {
            StatusText.WriteJson(lines.Buffer, now, rate);
            lines.Write("\n"u8);
            await lines.FlushAsync();
        }
        else if (StatusLine.IsTerminal || now.Phase != ReplicaPhase.Live || _skipped++ >= PlainLinesSkippedWhileLive)
        {
            _skipped = 0;
            StatusLine.Show(StatusText.Describe(now, rate));
        }
    }
}
