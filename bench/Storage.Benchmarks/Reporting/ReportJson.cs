using System.Text.Json;
using System.Text.Json.Serialization;

namespace WsStorage.Benchmarks.Reporting;

/// <summary>A report as JSON, with every round's value, from which the other forms can be made anew.</summary>
internal static class ReportJson
{
    // A contender that did nothing in a round makes a ratio that is no number, which the report has to show all the same.
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static string Write(Report report) => JsonSerializer.Serialize(report, Options);

    /// <summary>Reads one.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static Report Read(string json) =>
        JsonSerializer.Deserialize<Report>(json, Options) ?? throw new JsonException("A report is a JSON object.");
}
