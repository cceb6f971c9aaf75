using System.CommandLine;
using System.Text.Json;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;
using WsStorage.WsClient;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage info</c></summary>
internal static class InfoCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print one line of JSON." };
        var store = new StoreOptions();
        var command = new Command("info", "Print what a store is and how far it is.") { json };
        store.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using IStorage storage = await store.OpenAsync(parsed, StoreAccess.Read, cancellationToken);
            StorageInfo info = await storage.GetInfoAsync(cancellationToken);
            await using var output = new StandardOutput();
            if (parsed.GetValue(json))
            {
                WriteJson(output, info);
            }
            else
            {
                WriteLines(output, info, isServed: storage is WsStorageClient);
            }

            await output.FlushAsync();
            return ExitCode.Done;
        });
        return command;
    }

    private static void WriteLines(StandardOutput output, StorageInfo info, bool isServed)
    {
        output.WriteLine($"engine              {info.Engine}");
        output.WriteLine($"epoch               {info.Epoch}");
        output.WriteLine($"revision            {info.Revision}");
        output.WriteLine($"position            {info.Position}");
        output.WriteLine($"compacted revision  {info.CompactedRevision}");
        output.WriteLine($"history             {info.HistoryBytes:N0} bytes");
        output.WriteLine($"followers           {info.FollowerCount:N0}");
        output.WriteLine($"keys, roughly       {info.ApproximateKeys:N0}");
        output.WriteLine($"bytes, roughly      {info.ApproximateBytes:N0}");
        if (isServed)
        {
            // A directory has neither by itself: whoever opens it chooses, and here it was opened for reading only.
            output.WriteLine($"durability          {info.Durability.ToString().ToLowerInvariant()}");
            output.WriteLine($"read-only           {(info.IsReadOnly ? "yes" : "no")}");
        }

        output.WriteLine($"longest value       {info.Limits.MaxValueBytes:N0} bytes");
        output.WriteLine($"largest batch       {info.Limits.MaxBatchBytes:N0} bytes");
    }

    private static void WriteJson(StandardOutput output, StorageInfo info)
    {
        using var json = new Utf8JsonWriter(output.Buffer);
        json.WriteStartObject();
        json.WriteString("engine", info.Engine);
        json.WriteString("epoch", info.Epoch);
        json.WriteNumber("revision", info.Revision.Value);
        json.WriteString("position", info.Position.ToString());
        json.WriteNumber("compactedRevision", info.CompactedRevision.Value);
        json.WriteNumber("historyBytes", info.HistoryBytes);
        json.WriteNumber("followers", info.FollowerCount);
        json.WriteNumber("approximateKeys", info.ApproximateKeys);
        json.WriteNumber("approximateBytes", info.ApproximateBytes);
        json.WriteString("durability", info.Durability.ToString().ToLowerInvariant());
        json.WriteBoolean("readOnly", info.IsReadOnly);
        json.WriteNumber("maxValueBytes", info.Limits.MaxValueBytes);
        json.WriteNumber("maxBatchBytes", info.Limits.MaxBatchBytes);
        json.WriteEndObject();
        json.Flush();
        output.Write("\n"u8);
    }
}
