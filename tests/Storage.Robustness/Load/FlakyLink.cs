using System.Diagnostics;
using WsStorage.Testing.Network;

namespace WsStorage.Robustness.Load;

/// <summary>A link that is up half of the time: phases of random length, up and down in turn.</summary>
internal sealed class FlakyLink : IAsyncDisposable
{
    // While it is down each connection ends after its first byte.
    private static readonly CuttingPlan Down = new() { Unharmed = 0, MaxBytes = 1, Stalls = 0 };

    private readonly CuttingProxy _proxy;
    private readonly CancellationTokenSource _stop = new();
    private readonly Random _random;
    private readonly Task _changing;
    private TimeSpan _up;
    private TimeSpan _down;
    private int _changes;

    /// <summary>Begins, with the link up.</summary>
    public FlakyLink(int targetPort, int seed)
    {
        _random = new Random(seed);
        _proxy = new CuttingProxy(targetPort, seed, Down) { IsHarmful = false };
        _changing = ChangeAsync();
    }

    /// <summary>Where clients connect.</summary>
    public int Port => _proxy.Port;

    /// <summary>What became of it, for people.</summary>
    public string Report => $"the link changed {_changes:n0} times and was up {_up / (_up + _down):p0} of the time";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _changing;
        await _proxy.DisposeAsync();
        _stop.Dispose();
    }

    private async Task ChangeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            _up += await PhaseAsync();
            _proxy.IsHarmful = true;
            _proxy.CutAll();
            _changes++;
            _down += await PhaseAsync();
            _proxy.IsHarmful = false;
            _changes++;
        }
    }

    private async Task<TimeSpan> PhaseAsync()
    {
        long began = Stopwatch.GetTimestamp();
        await Task.Delay(_random.Next(100, 700), _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Stopwatch.GetElapsedTime(began);
    }
}
