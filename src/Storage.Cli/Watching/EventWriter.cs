using System.Text.Json;
using WsStorage.Cli.Text;
using WsStorage.Cli.Transfer;

namespace WsStorage.Cli.Watching;

/// <summary>Writes what a watch tells as lines of JSON, an event a line; keys and values stand as in a scan's.</summary>
internal sealed class EventWriter(Stream output, bool keysOnly) : IDisposable
{
    private readonly Utf8JsonWriter _json = JsonFields.CreateWriter(output);

    public void Write(WatchEvent told)
    {
        _json.WriteStartObject();
        _json.WriteString("kind", told.Kind switch
        {
            WatchEventKind.Changes => "changes",
            WatchEventKind.Progress => "progress",
            _ => "invalidation",
        });
        _json.WriteString("position", told.Position.ToString());
        _json.WriteNumber("revision", told.Revision.Value);
        if (told.Kind == WatchEventKind.Changes)
        {
            _json.WriteString("time", told.CommitTime.UtcDateTime);
            WriteChanges(told);
        }
        else if (told.Kind == WatchEventKind.Invalidation)
        {
            WriteRanges(told.InvalidatedRanges);
        }

        _json.EndLine(output);
    }

    public void Dispose() => _json.Dispose();

    private void WriteChanges(WatchEvent told)
    {
        _json.WriteStartArray("changes");
        foreach (Change change in told)
        {
            _json.WriteStartObject();
            switch (change.Kind)
            {
                case BatchOperationKind.Put:
                    _json.WriteString("change", "put");
                    _json.WriteBytes(JsonLinesWriter.Key, JsonLinesWriter.KeyBase64, change.Key.Span);
                    if (!keysOnly)
                    {
                        _json.WriteBytes(JsonLinesWriter.Value, JsonLinesWriter.ValueBase64, change.Value.Span);
                    }

                    break;
                case BatchOperationKind.Remove:
                    _json.WriteString("change", "remove");
                    _json.WriteBytes(JsonLinesWriter.Key, JsonLinesWriter.KeyBase64, change.Key.Span);
                    break;
                default:
                    _json.WriteString("change", "removeRange");
                    WriteBounds(change.ToRange());
                    break;
            }

            WritePrevious(change);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
    }

    private void WritePrevious(Change change)
    {
        switch (change.PreviousKind)
        {
            case PreviousValueKind.Absent:
                _json.WriteNull("previous");
                break;
            case PreviousValueKind.Value:
                _json.WriteBytes("previous", "previousBase64", change.Previous.Span);
                break;
            default:
                // Not known, which is not the same as absent: no property says so.
                break;
        }
    }

    private void WriteRanges(IReadOnlyList<KeyRange> ranges)
    {
        _json.WriteStartArray("ranges");
        foreach (KeyRange range in ranges)
        {
            _json.WriteStartObject();
            WriteBounds(range);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
    }

    /// <summary>A range without an end has none here either.</summary>
    private void WriteBounds(KeyRange range)
    {
        _json.WriteBytes("start", "startBase64", range.Start.Span);
        if (!range.End.IsEmpty)
        {
            _json.WriteBytes("end", "endBase64", range.End.Span);
        }
    }
}
