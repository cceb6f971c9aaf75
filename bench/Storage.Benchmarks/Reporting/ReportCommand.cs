using System.CommandLine;

namespace WsStorage.Benchmarks.Reporting;

/// <summary>Makes a report anew from its JSON.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var from = new Option<FileInfo>("--from") { Description = "The JSON of a report.", HelpName = "PATH.json", Required = true };
        from.AcceptExistingOnly();
        var command = new Command("report", "Writes the Markdown and the chart of a report anew, beside its JSON.") { from };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string path = parsed.GetValue(from)!.FullName;
            Report report = ReportJson.Read(await File.ReadAllTextAsync(path, cancellationToken));
            await ReportFiles.RenderAsync(Path.ChangeExtension(path, null), report);
            return ExitCode.Reached;
        });
        return command;
    }
}
