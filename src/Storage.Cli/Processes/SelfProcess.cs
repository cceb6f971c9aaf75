using System.Diagnostics;

namespace WsStorage.Cli.Processes;

/// <summary>Starts this program once more, as another process.</summary>
internal static class SelfProcess
{
    private const string VariablePrefix = "WSSTORAGE_";

    /// <summary>Says how to start this program.</summary>
    /// <param name="arguments">Its command line.</param>
    /// <returns>Stdin and stdout are redirected, stderr is shared, and no variable of ours is inherited.</returns>
    public static ProcessStartInfo With(params IEnumerable<string> arguments)
    {
        string program = Environment.ProcessPath ?? throw new UsageException("The system does not say which program this is.");
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };

        // Run as `dotnet WsStorage.Cli.dll`, the program is dotnet and its first argument is ours.
        if (Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
        {
            start.ArgumentList.Add(typeof(SelfProcess).Assembly.Location);
        }

        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (string variable in start.Environment.Keys.Where(name => name.StartsWith(VariablePrefix, StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(variable);
        }

        return start;
    }
}
