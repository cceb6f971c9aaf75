namespace WsStorage.Benchmarks;

/// <summary>What the program's exit code says. Scripts rely on the numbers.</summary>
internal static class ExitCode
{
    /// <summary>All goals that were measured were reached.</summary>
    public const int Reached = 0;

    /// <summary>A goal was missed.</summary>
    public const int Missed = 1;

    /// <summary>Something was wrong: a value, the command line, or a server that did not start.</summary>
    public const int Wrong = 2;

    /// <summary>Ended by Ctrl-C or SIGTERM before all was measured.</summary>
    public const int Interrupted = 130;
}
