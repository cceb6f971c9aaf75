namespace WsStorage.Cli;

/// <summary>What the program's exit code says. Scripts rely on the numbers; <c>--help</c> lists them.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>A key is absent, or a check did not hold.</summary>
    public const int NotFound = 1;

    /// <summary>The command line, or the input, makes no sense.</summary>
    public const int Usage = 2;

    /// <summary>The store, the connection or a file failed.</summary>
    public const int Failed = 3;

    /// <summary>A lock was lost while the command that it was for was running.</summary>
    public const int LockLost = 75;

    /// <summary>A defect of this program.</summary>
    public const int Defect = 70;

    /// <summary>Ended by Ctrl-C or SIGTERM before the work was done.</summary>
    public const int Interrupted = 130;
}
