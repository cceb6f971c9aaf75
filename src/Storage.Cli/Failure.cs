using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net.Sockets;
using WsStorage.Cli.Terminal;
using WsStorage.Cli.Transfer;

namespace WsStorage.Cli;

/// <summary>Turns what went wrong into one line on stderr and an exit code.</summary>
internal static class Failure
{
    public static int ReportUsage(ParseResult parsed)
    {
        string verb = "";
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult { Command: not RootCommand } command; at = at.Parent)
        {
            verb = $" {command.Command.Name}{verb}";
        }

        // The last error says most: of a mistyped verb the parser says first that there is none. Some messages are lists, a
        // line for each choice.
        string message = string.Join(' ', parsed.Errors[^1].Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Say($"{message} See `wsstorage{verb} --help`.");
        return ExitCode.Usage;
    }

    /// <summary>What was meant as an option and taken for a key or a value, which the parser allows.</summary>
    /// <returns>It, or none.</returns>
    public static string? FindMistypedOption(ParseResult parsed) =>
        parsed.Tokens.Any(token => token.Type == TokenType.DoubleDash)
            ? null
            : parsed.CommandResult.Children
                .SelectMany(child => child.Tokens)
                .Select(token => token.Value)
                .FirstOrDefault(value => value.Length > 2 && value.StartsWith("--", StringComparison.Ordinal));

    public static int Report(Exception exception, bool verbose, bool interrupted)
    {
        if (exception is BrokenPipeException)
        {
            // The reader of our output has seen enough: no error, and nobody left to tell.
            return ExitCode.Done;
        }

        if (verbose)
        {
            Console.Error.WriteLine(exception);
        }

        switch (exception)
        {
            case OperationCanceledException when interrupted:
                Say("interrupted.");
                return ExitCode.Interrupted;
            case UsageException or MalformedInputException:
                Say(exception.Message);
                return ExitCode.Usage;
            case StorageException { Code: StorageErrorCode.InvalidArgument or StorageErrorCode.KeyTooLarge } refused:
                Say(refused.Message);
                return ExitCode.Usage;
            case StorageException failed:
                Say(failed.Outcome == WriteOutcome.Unknown ? $"{failed.Message} The write may have been applied." : failed.Message);
                return ExitCode.Failed;
            case IOException or UnauthorizedAccessException or SocketException:
                Say(exception.Message);
                return ExitCode.Failed;
            default:
                Say($"this should not have happened: {exception.Message} ({exception.GetType().Name}). Run it again with --verbose and report what it prints.");
                return ExitCode.Defect;
        }
    }

    public static void Say(string message) => StatusLine.WriteLine($"wsstorage: {message}");
}
