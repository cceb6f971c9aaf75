using System.Text;

namespace WsStorage.Protocol;

/// <summary>Texts for people, each bounded so that the message that carries it fits any peer.</summary>
internal static class WireText
{
    /// <summary>The most bytes in the name of a program or an engine.</summary>
    public const int MaxNameBytes = 256;

    private const string Ellipsis = "\u2026";
    private const int EllipsisBytes = 3;

    /// <summary>Cuts a text that is too long, between two characters, and marks the cut.</summary>
    /// <param name="text">The text.</param>
    /// <param name="maxBytes">The most bytes in UTF-8.</param>
    /// <returns>The text, or its beginning.</returns>
    public static string Shorten(string text, int maxBytes)
    {
        // Each UTF-16 unit takes at most three bytes in UTF-8, so most texts are known to fit without being measured.
        if (text.Length <= maxBytes / 3 || Encoding.UTF8.GetByteCount(text) <= maxBytes)
        {
            return text;
        }

        int length = 0;
        int bytes = EllipsisBytes;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > maxBytes)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return string.Concat(text.AsSpan(0, length), Ellipsis);
    }
}
