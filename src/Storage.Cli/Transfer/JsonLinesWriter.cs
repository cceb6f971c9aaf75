using System.Text.Json;
using WsStorage.Cli.Text;

namespace WsStorage.Cli.Transfer;

/// <summary>
/// Writes a row as a line of JSON: <c>{"key":"k","value":"v"}</c>; what is not UTF-8 stands as Base64 under
/// <c>keyBase64</c> and <c>valueBase64</c>.
/// </summary>
internal sealed class JsonLinesWriter(Stream output) : IDisposable
{
    public const string Key = "key";
    public const string KeyBase64 = "keyBase64";
    public const string Value = "value";
    public const string ValueBase64 = "valueBase64";

    private readonly Utf8JsonWriter _json = JsonFields.CreateWriter(output);

    public void Write(ScanPage.Row row, bool keysOnly)
    {
        _json.WriteStartObject();
        _json.WriteBytes(Key, KeyBase64, row.Key.Span);
        if (!keysOnly)
        {
            _json.WriteBytes(Value, ValueBase64, row.Value.Span);
        }

        _json.EndLine(output);
    }

    public void Dispose() => _json.Dispose();
}
