using System.Text.Json;
using WsStorage.Cli.Text;
using WsStorage.Replica;

namespace WsStorage.Cli.Replicas;

/// <summary>How a replica stands, in one line.</summary>
internal static class StatusText
{
    /// <summary>For people.</summary>
    /// <param name="status">How it stands.</param>
    /// <param name="batchesPerSecond">How many batches it applies.</param>
    public static string Describe(ReplicaStatus status, double batchesPerSecond) =>
        $"{DescribePhase(status, batchesPerSecond)}{DescribeOldCopy(status)}";

    /// <summary>The same as a line of JSON, without its end.</summary>
    public static void WriteJson(Stream output, ReplicaStatus status, double batchesPerSecond)
    {
        using Utf8JsonWriter json = JsonFields.CreateWriter(output);
        json.WriteStartObject();
        json.WriteString("phase", Name(status.Phase));
        json.WriteBoolean("readable", status.IsReadable);
        json.WriteBoolean("rebuilding", status.IsRebuilding);
        json.WriteBoolean("stale", status.IsStale);
        WriteKnown("position", status.Position?.ToString());
        json.WriteNumber("revision", status.Revision.Value);
        WriteNumber("sourceRevision", status.SourceRevision?.Value);
        WriteNumber("lag", status.RevisionLag);
        WriteNumber("stalenessSeconds", status.Staleness?.TotalSeconds);
        json.WriteNumber("batchesPerSecond", Math.Round(batchesPerSecond, 1));
        json.WriteString("loadedBy", Name(status.BootstrappedBy));
        json.WriteNumber("rows", status.Rows);
        WriteNumber("expectedRows", status.ExpectedRows);
        json.WriteNumber("bytes", status.Bytes);
        WriteNumber("expectedBytes", status.ExpectedBytes);
        WriteNumber("remainingSeconds", status.Remaining?.TotalSeconds);
        WriteKnown("problem", status.Problem?.Message);
        json.WriteEndObject();

        void WriteKnown(string name, string? value)
        {
            if (value is not null)
            {
                json.WriteString(name, value);
            }
        }

        void WriteNumber<T>(string name, T? value)
            where T : struct
        {
            if (value is { } known)
            {
                json.WritePropertyName(name);
                JsonSerializer.Serialize(json, known);
            }
        }
    }

    public static string Name(BootstrapKind kind) => kind switch
    {
        BootstrapKind.Rows => "rows",
        BootstrapKind.Files => "files",
        _ => "none",
    };

    public static string Name(ReplicaPhase phase) => phase switch
    {
        ReplicaPhase.Connecting => "connecting",
        ReplicaPhase.LoadingRows => "loading rows",
        ReplicaPhase.LoadingFiles => "loading files",
        ReplicaPhase.CatchingUp => "catching up",
        ReplicaPhase.Live => "live",
        _ => "stopped",
    };

    private static string DescribePhase(ReplicaStatus status, double batchesPerSecond) => status.Phase switch
    {
        ReplicaPhase.LoadingRows =>
            $"loading rows: {status.Rows:N0}{(status.ExpectedRows is { } rows ? $" of about {rows:N0}" : "")}, {QuantityText.Bytes(status.Bytes)}{DescribeSpeed(status)}",
        ReplicaPhase.LoadingFiles =>
            $"loading files: {QuantityText.Bytes(status.Bytes)}{(status.ExpectedBytes is { } bytes ? $" of {QuantityText.Bytes(bytes)}" : "")}{DescribeSpeed(status)}",
        ReplicaPhase.CatchingUp => $"catching up: {DescribeLag(status, batchesPerSecond)}",
        ReplicaPhase.Live => $"live: {DescribeLag(status, batchesPerSecond)}",
        _ => Name(status.Phase),
    };

    private static string DescribeSpeed(ReplicaStatus status)
    {
        string rows = status.RowsPerSecond > 0 ? $", {status.RowsPerSecond:N0} rows/s" : "";
        string bytes = status.BytesPerSecond > 0 ? $", {QuantityText.Bytes(status.BytesPerSecond)}/s" : "";
        return $"{rows}{bytes}{(status.Remaining is { } remaining ? $", {QuantityText.Time(remaining)} left" : "")}";
    }

    private static string DescribeLag(ReplicaStatus status, double batchesPerSecond)
    {
        string behind = status.RevisionLag is { } lag ? $", {lag:N0} behind" : "";
        string old = status.Staleness is { } staleness ? $", at most {QuantityText.Time(staleness)} old" : "";
        return $"revision {status.Revision.Value:N0}{behind}{old}, {batchesPerSecond:N0} batches/s";
    }

    private static string DescribeOldCopy(ReplicaStatus status) => status switch
    {
        { IsStale: true } => " (the copy of the former store is read meanwhile)",
        { IsRebuilding: true } => " (the old copy is read meanwhile)",
        _ => "",
    };
}
