using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace WsStorage.Cli.Tests;

/// <summary>Runs the program as its users do: as a process, with arguments, stdin, stdout, stderr and an exit code.</summary>
internal sealed class CliProcess : IDisposable
{
    // Several programs one after the other may have to start while all tests of a small machine run.
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // Tests that run in the background of a shell, or under nohup, ignore some signals; all that they start would do so too.
    private static readonly string[] Command =
        IgnoresSignals() ? ["env", "--default-signal=HUP,INT,QUIT", "dotnet"] : ["dotnet"];

    private readonly Process _process;
    private readonly Task<string> _error;
    private readonly Lock _gate = new();
    private readonly StringBuilder _said = new();
    private string? _awaited;
    private int _heardTo;
    private TaskCompletionSource _heard = new();

    private CliProcess(Process process)
    {
        _process = process;
        _error = ReadErrorAsync();
    }

    public Stream Input => _process.StandardInput.BaseStream;

    public StreamReader Output => _process.StandardOutput;

    public int Id => _process.Id;

    public static CliProcess Start(params IEnumerable<string> arguments) => StartIn(TestContext.CurrentContext.WorkDirectory, [], arguments);

    public static CliProcess StartIn(string directory, Dictionary<string, string> variables, params IEnumerable<string> arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "WsStorage.Cli.dll");
        var start = new ProcessStartInfo(Command[0], [.. Command[1..], program, .. arguments])
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        return new CliProcess(Process.Start(start)!);
    }

    public static Task<CliResult> RunAsync(params IEnumerable<string> arguments) => RunAsync([], arguments);

    public static async Task<CliResult> RunAsync(byte[] input, params IEnumerable<string> arguments)
    {
        using CliProcess process = Start(arguments);
        return await process.FinishAsync(input);
    }

    /// <summary>Gives the program its input, and waits for it.</summary>
    public async Task<CliResult> FinishAsync(byte[]? input = null)
    {
        using var timeout = new CancellationTokenSource(Patience);
        using var bytes = new MemoryStream();
        Task output = _process.StandardOutput.BaseStream.CopyToAsync(bytes, timeout.Token);
        try
        {
            await Input.WriteAsync(input ?? [], timeout.Token);
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended without reading its input, as it may.
        }

        try
        {
            await output;
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"It has not ended within {Patience.TotalSeconds:0} s, and has said: {Encoding.UTF8.GetString(bytes.ToArray())}");
        }

        return await EndAsync(bytes.ToArray());
    }

    /// <summary>Waits for the end of a program whose output has been read.</summary>
    public async Task<CliResult> EndAsync(byte[] output)
    {
        using var timeout = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(timeout.Token);
        return new CliResult(_process.ExitCode, output, await _error.WaitAsync(timeout.Token));
    }

    /// <summary>Waits until a text is on stderr, after what was waited for before.</summary>
    public async Task SaysAsync(string text)
    {
        Task heard;
        lock (_gate)
        {
            _awaited = text;
            _heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            heard = _heard.Task;
            Listen();
        }

        if (await Task.WhenAny(heard, _error).WaitAsync(Patience) == _error && !heard.IsCompleted)
        {
            Assert.Fail($"It ended without having said '{text}': {await _error}");
        }
    }

    /// <summary>Sends a signal, such as INT or TERM.</summary>
    public async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", Id.ToString()]);
        await kill.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private static bool IgnoresSignals()
    {
        const string name = "SigIgn:";
        const ulong hangupInterruptQuit = 0b111;
        string? line = OperatingSystem.IsLinux()
            ? File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))
            : null;
        return line is not null && (ulong.Parse(line[name.Length..].Trim(), NumberStyles.HexNumber) & hangupInterruptQuit) != 0;
    }

    private async Task<string> ReadErrorAsync()
    {
        char[] buffer = new char[4096];
        while (await _process.StandardError.ReadAsync(buffer) is > 0 and var read)
        {
            lock (_gate)
            {
                _said.Append(buffer, 0, read);
                Listen();
            }
        }

        return _said.ToString();
    }

    private void Listen()
    {
        if (_awaited is not null && _said.ToString().IndexOf(_awaited, _heardTo, StringComparison.Ordinal) is >= 0 and var at)
        {
            _heardTo = at + _awaited.Length;
            _awaited = null;
            _heard.SetResult();
        }
    }
}

/// <summary>What a run left behind.</summary>
internal sealed record CliResult(int ExitCode, byte[] Output, string Error)
{
    public string Text => Encoding.UTF8.GetString(Output);

    public CliResult ShouldSucceed()
    {
        Assert.That(ExitCode, Is.Zero, Error);
        return this;
    }

    /// <summary>Expects one line on stderr that holds a text, and nothing else there.</summary>
    public void ShouldFail(int code, string message)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ExitCode, Is.EqualTo(code), Error);
            Assert.That(Error, Does.StartWith("wsstorage: ").And.Contain(message));
            Assert.That(Error.TrimEnd('\n').Split('\n'), Has.Length.EqualTo(1), Error);
        }
    }
}
