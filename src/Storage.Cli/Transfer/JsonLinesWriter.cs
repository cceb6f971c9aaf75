using System.Text.Encodings.Web;
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

    // The lines are read by programs and people, never put into a web page as they are: Zoë need not be Zo\u00EB.
    private readonly Utf8JsonWriter _json = new(
        output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });

    public void Write(ScanPage.Row row, bool keysOnly)
    {
        _json.WriteStartObject();
        WriteField(Key, KeyBase64, row.Key.Span);
        if (!keysOnly)
        {
            WriteField(Value, ValueBase64, row.Value.Span);
        }

        _json.WriteEndObject();
        _json.Flush();
        _json.Reset();
        output.WriteByte((byte)'\n');
    }

    public void Dispose() => _json.Dispose();

    private void WriteField(string name, string nameBase64, ReadOnlySpan<byte> bytes)
    {
        if (TextForms.IsText(bytes))
        {
            _json.WriteString(name, bytes);
        }
        else
        {
            _json.WriteBase64String(nameBase64, bytes);
        }
    }
}
