using System.Diagnostics;

namespace WsStorage.Robustness.Load;

/// <summary>Allows so many writes each second, as time passes, until it is disposed of.</summary>
internal sealed class SteadyPace : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _pacing;

    public SteadyPace(SpreadLoad load, int writesPerSecond) => _pacing = PaceAsync(load, writesPerSecond);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _pacing;
        _stop.Dispose();
    }

    private async Task PaceAsync(SpreadLoad load, int writesPerSecond)
    {
        long started = Stopwatch.GetTimestamp();
        long allowed = 0;
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                long due = (long)(Stopwatch.GetElapsedTime(started).TotalSeconds * writesPerSecond);
                if (due > allowed)
                {
                    load.Allow((int)(due - allowed));
                    allowed = due;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // No more is to be written.
        }
    }
}
