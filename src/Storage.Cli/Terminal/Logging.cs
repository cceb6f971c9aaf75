using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace WsStorage.Cli.Terminal;

/// <summary>Logs to stderr what happens, with <c>--verbose</c>.</summary>
internal static class Logging
{
    /// <summary>Makes a factory of loggers.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="quiet">What is logged without <c>--verbose</c>: of a verb that ends by itself nothing, since what fails is
    /// told when it ends.</param>
    public static ILoggerFactory Create(ParseResult parsed, LogLevel quiet = LogLevel.None)
    {
        LogLevel level = parsed.GetValue(CommonOptions.Verbose) ? LogLevel.Information : quiet;
        return LoggerFactory.Create(logging => logging
            .SetMinimumLevel(level)
            .AddFilter("Microsoft", LogLevel.Warning)

            // The host logs at length what it then throws, and what is thrown is told in one sentence.
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
            .AddSimpleConsole(format =>
            {
                format.SingleLine = true;
                format.TimestampFormat = "HH:mm:ss.fff ";
                format.ColorBehavior = Console.IsErrorRedirected ? LoggerColorBehavior.Disabled : LoggerColorBehavior.Default;
            })
            .Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace));
    }
}
