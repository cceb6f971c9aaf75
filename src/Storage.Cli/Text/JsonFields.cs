using System.Text.Encodings.Web;
using System.Text.Json;

namespace WsStorage.Cli.Text;

/// <summary>Keys and values in JSON: a text where they are UTF-8, else Base64 under a name of its own.</summary>
internal static class JsonFields
{
    // The lines are read by programs and people, never put into a web page as they are: Zoë need not be Zo\u00EB.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static Utf8JsonWriter CreateWriter(Stream output) => new(output, Options);

    public static void WriteBytes(this Utf8JsonWriter json, string name, string nameBase64, ReadOnlySpan<byte> bytes)
    {
        if (TextForms.IsText(bytes))
        {
            json.WriteString(name, bytes);
        }
        else
        {
            json.WriteBase64String(nameBase64, bytes);
        }
    }

    /// <summary>Ends a line that holds one object.</summary>
    public static void EndLine(this Utf8JsonWriter json, Stream output)
    {
        json.WriteEndObject();
        json.Flush();
        json.Reset();
        output.WriteByte((byte)'\n');
    }
}
