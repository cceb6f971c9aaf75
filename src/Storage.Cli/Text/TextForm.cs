using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace WsStorage.Cli.Text;

/// <summary>How keys and values stand on a command line and in lines of output.</summary>
internal enum TextForm
{
    /// <summary>UTF-8; in lines of output, what would spoil them is escaped.</summary>
    Utf8,

    /// <summary>Hexadecimal digits.</summary>
    Hex,

    /// <summary>Base64.</summary>
    Base64,
}

internal static class TextForms
{
    public static byte[] Parse(this TextForm form, string name, string text)
    {
        try
        {
            return form switch
            {
                TextForm.Hex => Convert.FromHexString(text),
                TextForm.Base64 => Convert.FromBase64String(text),
                _ => Encoding.UTF8.GetBytes(text),
            };
        }
        catch (FormatException)
        {
            string wanted = form == TextForm.Hex ? "an even number of hexadecimal digits" : "Base64";
            throw new UsageException($"The {name} '{text}' is not {wanted}.");
        }
    }

    /// <summary>Writes bytes so that they fit into a field of a line.</summary>
    public static void WriteField(this TextForm form, Stream output, ReadOnlySpan<byte> bytes)
    {
        switch (form)
        {
            case TextForm.Hex:
                output.Write(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(bytes)));
                break;
            case TextForm.Base64:
                output.Write(Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes)));
                break;
            default:
                WriteEscaped(output, bytes, keepLineEnds: false);
                break;
        }
    }

    /// <summary>
    /// Writes UTF-8 with backslash, control characters and bytes that are not UTF-8 as <c>\\</c>, <c>\t</c>, <c>\n</c>,
    /// <c>\r</c>, <c>\xNN</c>.
    /// </summary>
    public static void WriteEscaped(Stream output, ReadOnlySpan<byte> bytes, bool keepLineEnds)
    {
        while (!bytes.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf8(bytes, out Rune rune, out int used);
            ReadOnlySpan<byte> one = bytes[..used];
            bytes = bytes[used..];
            if (status == OperationStatus.Done && !NeedsEscape(rune, keepLineEnds))
            {
                output.Write(one);
                continue;
            }

            foreach (byte b in one)
            {
                output.Write(b switch
                {
                    (byte)'\\' => "\\\\"u8.ToArray(),
                    (byte)'\t' => "\\t"u8.ToArray(),
                    (byte)'\n' => "\\n"u8.ToArray(),
                    (byte)'\r' => "\\r"u8.ToArray(),
                    _ => Encoding.ASCII.GetBytes($"\\x{b:x2}"),
                });
            }
        }
    }

    public static bool IsText(ReadOnlySpan<byte> bytes) => Utf8.IsValid(bytes);

    private static bool NeedsEscape(Rune rune, bool keepLineEnds) =>
        keepLineEnds ? Rune.IsControl(rune) && rune.Value is not ('\n' or '\t') : Rune.IsControl(rune) || rune.Value == '\\';
}
