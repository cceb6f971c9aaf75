using Spectre.Console;

namespace WsStorage.Cli.Terminal;

/// <summary>Spectre on stderr: prompts and progress, which must not mix with what stdout carries.</summary>
internal static class ErrorConsole
{
    public static IAnsiConsole Instance { get; } =
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
}
