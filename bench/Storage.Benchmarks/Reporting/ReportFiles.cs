namespace WsStorage.Benchmarks.Reporting;

/// <summary>The three files of a report: JSON, from which the others can be made anew, Markdown, and the chart in it.</summary>
internal static class ReportFiles
{
    public const string JsonExtension = ".json";

    /// <summary>Writes all three.</summary>
    /// <param name="path">Where, without an extension.</param>
    /// <param name="report">The report.</param>
    public static async Task WriteAsync(string path, Report report)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        await File.WriteAllTextAsync(path + JsonExtension, ReportJson.Write(report) + "\n");
        await RenderAsync(path, report);
    }

    /// <summary>Writes what is made from the JSON.</summary>
    /// <param name="path">Where, without an extension.</param>
    /// <param name="report">The report.</param>
    public static async Task RenderAsync(string path, Report report)
    {
        string chart = path + ".svg";
        await File.WriteAllTextAsync(chart, GoalChart.Draw(report));
        await File.WriteAllTextAsync(path + ".md", MarkdownReport.Write(report, Path.GetFileName(chart)));
    }
}
