using Spectre.Console;
using WsStorage.Cli.Terminal;

namespace WsStorage.Cli.Transfer;

/// <summary>A progress bar on stderr, where that is a terminal.</summary>
internal static class TransferProgress
{
    /// <summary>Runs a transfer.</summary>
    /// <param name="name">What it does, such as "Exporting".</param>
    /// <param name="total">How much there is to do, or 0 when that is not known.</param>
    /// <param name="work">Does it, and tells how much is done and how many rows that is.</param>
    public static Task RunAsync(string name, double total, Func<Action<double, long>, Task> work) =>
        Console.IsErrorRedirected
            ? work(static (_, _) => { })
            : ErrorConsole.Instance.Progress()
                .AutoClear(true)
                .Columns(
                    new TaskDescriptionColumn { Alignment = Justify.Left },
                    new ProgressBarColumn(),
                    new PercentageColumn(),
                    new ElapsedTimeColumn())
                .StartAsync(context =>
                {
                    ProgressTask bar = context.AddTask(name, maxValue: Math.Max(total, 1));
                    bar.IsIndeterminate = total <= 0;
                    return work((done, rows) =>
                    {
                        // What was counted on is an estimate: it is not to look finished before it is.
                        bar.MaxValue = Math.Max(bar.MaxValue, done);
                        bar.Value = done;
                        bar.Description = $"{name} {rows:N0} rows";
                    });
                });
}
