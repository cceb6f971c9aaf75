namespace WsStorage.Robustness.Scenarios;

/// <summary>Says every few seconds how far a scenario is, until it is disposed of.</summary>
internal sealed class ProgressLine : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Timer _timer;

    public ProgressLine(TextWriter output, Func<string> say) =>
        _timer = new Timer(_ => output.WriteLine($"  {say()}"), null, Interval, Interval);

    public void Dispose() => _timer.Dispose();
}
