using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace WsStorage.Robustness.Processes;

/// <summary>One producer in a process of its own, from its start until it is done or killed. Not thread-safe, save for its counts.</summary>
internal sealed class ProducerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly Task _listening;
    private int _from;
    private int _accepted;
    private bool _isDone;

    /// <summary>Starts it.</summary>
    public ProducerProcess(ProduceOptions options, Milestone progress)
    {
        Incarnation = options.Incarnation;
        string program = Path.Combine(AppContext.BaseDirectory, $"{typeof(ProducerProcess).Assembly.GetName().Name}.dll");
        _process = Process.Start(new ProcessStartInfo("dotnet", ["exec", program, ProduceVerb.Name, options.ToArgument()])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _process.ErrorDataReceived += (_, line) => _complaints.Enqueue(line.Data ?? "");
        _process.BeginErrorReadLine();
        _listening = ListenAsync(progress);
    }

    /// <summary>Which of the processes it is.</summary>
    public int Incarnation { get; }

    /// <summary>The number that it began with; 0 if it was killed before.</summary>
    public int From => Volatile.Read(ref _from);

    /// <summary>The last number that it said was accepted; 0 for none.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>The last number that it said was delivered.</summary>
    public Milestone Delivered { get; } = new();

    /// <summary>Completes when it has said its last word.</summary>
    public Task Ended => _listening;

    /// <summary>Why it ended before all was delivered; none if it did not.</summary>
    public string? Failure => _isDone ? null : $"producer {Incarnation} ended before all was delivered: {string.Join(Environment.NewLine, _complaints)}";

    /// <summary>Kills it (SIGKILL), wherever it is.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _listening;
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        await _listening;
        _process.Dispose();
    }

    private async Task ListenAsync(Milestone progress)
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            string[] words = line.Split(' ');
            switch (words[0])
            {
                case ProduceVerb.From:
                    Volatile.Write(ref _from, int.Parse(words[1], CultureInfo.InvariantCulture));
                    break;
                case ProduceVerb.Accepted when int.TryParse(words.ElementAtOrDefault(1), CultureInfo.InvariantCulture, out int number):
                    Volatile.Write(ref _accepted, number);
                    progress.AdvanceTo(number);
                    break;
                case ProduceVerb.Delivered when int.TryParse(words.ElementAtOrDefault(1), CultureInfo.InvariantCulture, out int number):
                    Delivered.AdvanceTo(number);
                    break;
                case ProduceVerb.Done:
                    _isDone = true;
                    break;
            }
        }
    }
}
