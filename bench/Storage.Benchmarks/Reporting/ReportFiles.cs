using System.Text.Json;
using WsStorage.Benchmarks.Measuring;

namespace WsStorage.Benchmarks.Reporting;

/// <summary>Writes the report of a run.</summary>
internal static class ReportFiles
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Task WriteAsync(string path, IReadOnlyList<ScenarioResult> results) =>
        File.WriteAllTextAsync(path + ".json", JsonSerializer.Serialize(results, Indented));
}
