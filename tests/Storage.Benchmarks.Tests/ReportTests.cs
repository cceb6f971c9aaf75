using System.Xml.Linq;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Reporting;
using WsStorage.Testing;

namespace WsStorage.Benchmarks.Tests;

public class ReportTests
{
    private readonly Report _report = SampleReport.Create();

    [Test]
    public void What_json_tells_is_all_that_a_report_has()
    {
        Report read = ReportJson.Read(ReportJson.Write(_report));
        Assert.That(ReportJson.Write(read), Is.EqualTo(ReportJson.Write(_report)));
        Assert.That(MarkdownReport.Write(read, "chart.svg"), Is.EqualTo(MarkdownReport.Write(_report, "chart.svg")));
        Assert.That(GoalChart.Draw(read), Is.EqualTo(GoalChart.Draw(_report)));
        Assert.That(read.Scenarios[1].Tables[0][0].Values, Is.EqualTo([500_000d, 400_000d, 600_000d]));
        Assert.That(read.GetOutcomes(), Is.EqualTo(_report.GetOutcomes()));
    }

    [Test]
    public void Goals_are_told_in_their_order()
    {
        string text = MarkdownReport.Write(_report, "chart.svg");
        string[] lines =
        [
            "1 of 2 goals that were measured are reached.",
            "![How much of each goal is reached](chart.svg)",
            "| get, RocksDB, 1 M keys warm, depth 256 | Redis over TLS | at least 1.00 x | not measured | redis-server is not installed |",
            "| get, depth 256 | one HTTP/2 request per operation | at least 8.00 x | 8.50 x (8.10 to 9.00) | yes |",
            "| near-cache hit |  | at most 200 ns | 400 ns (380 to 420) | no: 2.00 times as much |",
            "- put Buffered, depth 256, against Redis everysec over TLS: at least 1.00 x",
        ];
        AssertInOrder(text, lines);
    }

    [Test]
    public void Scenarios_are_told_with_their_tables() => AssertInOrder(
        MarkdownReport.Write(_report, "chart.svg"),
        [
            "`dotnet run -c Release --project bench/Storage.Benchmarks -- all --rounds 3`.",
            @"| processor | A \| B <C> & D, 2 cores |",
            "| memory | 24.0 GiB |",
            "| Redis | not installed |",
            "## late",
            "| codec | mean, ns | error, ns | allocated, bytes |",
            "| read a get | 12.5 | 0.25 | 128 |",
            "## early",
            "| ours | 500,000 | 400,000 | 600,000 | operations/s |  |",
            "| theirs | 250,000 | 200,000 | 300,000 | operations/s | 2.00 (2.00 to 2.00) |",
            "A note.",
        ]);

    [Test]
    public void The_chart_has_a_bar_for_each_goal_that_was_measured()
    {
        XNamespace svg = "http://www.w3.org/2000/svg";
        XElement chart = XDocument.Parse(GoalChart.Draw(_report)).Root!;
        IEnumerable<string?> bars = chart.Elements(svg + "rect").Select(bar => bar.Attribute("class")?.Value).Where(kind => kind is not "page");
        Assert.That(bars, Is.EqualTo(["reached", "missed"]));
        Assert.That(chart.Elements(svg + "text").Select(text => text.Value), Does.Contain("goal").And.Contain("400 ns, missed"));
    }

    [Test]
    public async Task Markdown_and_chart_are_made_anew_from_the_json()
    {
        using var directory = new TemporaryDirectory();
        string path = directory.Combine("new/report");
        await ReportFiles.WriteAsync(path, _report);
        string[] made = [path + ".md", path + ".svg"];
        string[] texts = [.. made.Select(File.ReadAllText)];
        Assert.That(texts[0], Does.Contain("(report.svg)"));
        foreach (string file in made)
        {
            File.Delete(file);
        }

        int exitCode = await CommandTree.Create().Parse(["report", "--from", path + ".json"]).InvokeAsync();
        Assert.That(exitCode, Is.EqualTo(ExitCode.Reached));
        Assert.That(made.Select(File.ReadAllText), Is.EqualTo(texts));
    }

    private static void AssertInOrder(string text, string[] lines) =>
        Assert.That(text.Split('\n').Where(line => lines.Contains(line, StringComparer.Ordinal)), Is.EqualTo(lines));
}
