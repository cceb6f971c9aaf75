namespace WsStorage.Cli.Terminal;

/// <summary>The last line of stderr, which a verb that goes on redraws in place on a terminal; other lines go above it.</summary>
internal static class StatusLine
{
    private const string EraseLine = "\r\u001b[K";

    private static readonly Lock Gate = new();
    private static string _shown = "";

    public static bool IsTerminal => !Console.IsErrorRedirected;

    /// <summary>Draws it: in the place of what it was on a terminal, as one more line elsewhere.</summary>
    public static void Show(string text)
    {
        lock (Gate)
        {
            if (IsTerminal)
            {
                // One that is broken into two lines could not be redrawn.
                int width = Math.Max(ErrorConsole.Instance.Profile.Width - 1, 1);
                _shown = text.Length > width ? text[..width] : text;
                Console.Error.Write(EraseLine + _shown);
            }
            else
            {
                Console.Error.WriteLine(text);
            }
        }
    }

    /// <summary>Writes a line that stays.</summary>
    public static void WriteLine(string text)
    {
        lock (Gate)
        {
            Console.Error.WriteLine(_shown.Length == 0 ? text : EraseLine + text);
            Console.Error.Write(_shown);
        }
    }

    /// <summary>Takes it away until it is drawn again, for what is written to stdout.</summary>
    public static void Clear()
    {
        lock (Gate)
        {
            Console.Error.Write(_shown.Length == 0 ? "" : EraseLine);
        }
    }

    /// <summary>Lets what it is now stay, and ends it.</summary>
    public static void End()
    {
        lock (Gate)
        {
            if (_shown.Length > 0)
            {
                _shown = "";
                Console.Error.WriteLine();
            }
        }
    }
}
