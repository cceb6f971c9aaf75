using System.Globalization;
using WsStorage.Testing;

namespace WsStorage.Robustness.Load;

/// <summary>
/// The rows of a numbered record: one of its own, which tells in the store's history that it was applied, and one that many records
/// write one after the other, which tells at the end that the last one won.
/// </summary>
internal static class OutboxRows
{
    private const int Slots = 1000;
    private const int Conditional = 50;

    /// <summary>The keys that records have for themselves.</summary>
    public static KeyRange Log { get; } = KeyRange.Prefix("log/");

    /// <summary>A record.</summary>
    /// <param name="number">Its number, from 1.</param>
    /// <param name="incarnation">Which process writes it.</param>
    public static WriteBatch Of(int number, int incarnation)
    {
        byte[] key = Bytes.Of(string.Create(CultureInfo.InvariantCulture, $"log/{number:d9}"));
        var batch = new WriteBatch();
        if (number % Conditional == 0)
        {
            // Holds, unless the record was delivered before.
            batch.RequireAbsent(key);
        }

        return batch
            .Put(key, Bytes.Of(string.Create(CultureInfo.InvariantCulture, $"{incarnation}")))
            .Put(SlotOf(number), Bytes.Of(string.Create(CultureInfo.InvariantCulture, $"{number}")));
    }

    /// <summary>The key that a record shares with others.</summary>
    public static byte[] SlotOf(int number) => Bytes.Of(string.Create(CultureInfo.InvariantCulture, $"slot/{number % Slots}"));

    /// <summary>The slots that a run of records has filled, and the last number in each.</summary>
    public static IEnumerable<(byte[] Key, int Number)> LastSlots(int count) =>
        Enumerable.Range(Math.Max(1, count - Slots + 1), Math.Min(count, Slots)).Select(number => (SlotOf(number), number));

    /// <summary>Reads a row that a record has for itself.</summary>
    public static (int Number, int Incarnation) Read(Change change) => (
        int.Parse(change.Key.Span["log/".Length..], NumberStyles.None, CultureInfo.InvariantCulture),
        int.Parse(change.Value.Span, NumberStyles.None, CultureInfo.InvariantCulture));
}
