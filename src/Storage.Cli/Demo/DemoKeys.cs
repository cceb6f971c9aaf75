using System.Globalization;
using System.Text;

namespace WsStorage.Cli.Demo;

/// <summary>The layout of the store of the demo, which producer and client share.</summary>
internal static class DemoKeys
{
    /// <summary>The newest reading of each source.</summary>
    public const string Latest = "latest/";

    /// <summary>Every reading, by source and tick.</summary>
    public const string Readings = "readings/";

    /// <summary>A record of each batch of the producer, by its number.</summary>
    public const string Records = "records/";

    /// <summary>How many rounds the client has made.</summary>
    public const string ClientRounds = "client/rounds";

    /// <summary>A key that only refused batches put.</summary>
    public const string ClientRefused = "client/refused";

    public static string LatestOf(string source) => $"{Latest}{source}";

    public static string ReadingOf(string source, long tick) => $"{Readings}{source}/{tick:D10}";

    public static byte[] RecordOf(long number) => Bytes(string.Create(CultureInfo.InvariantCulture, $"{Records}{number:D12}"));

    /// <summary>Whether a key is that of a record, and which.</summary>
    public static bool IsRecord(ReadOnlySpan<byte> key, out long number)
    {
        number = 0;
        return key.StartsWith("records/"u8)
            && long.TryParse(key["records/"u8.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    public static byte[] Bytes(string key) => Encoding.UTF8.GetBytes(key);
}
