using System.Text;

namespace WsStorage.Cli.Demo;

/// <summary>The layout of the store of the demo, which producer and client share.</summary>
internal static class DemoKeys
{
    /// <summary>The newest reading of each source.</summary>
    public const string Latest = "latest/";

    /// <summary>Every reading, by source and tick.</summary>
    public const string Readings = "readings/";

    /// <summary>How many rounds the client has made.</summary>
    public const string ClientRounds = "client/rounds";

    /// <summary>A key that only refused batches put.</summary>
    public const string ClientRefused = "client/refused";

    public static string LatestOf(string source) => $"{Latest}{source}";

    public static string ReadingOf(string source, long tick) => $"{Readings}{source}/{tick:D10}";

    public static byte[] Bytes(string key) => Encoding.UTF8.GetBytes(key);
}
