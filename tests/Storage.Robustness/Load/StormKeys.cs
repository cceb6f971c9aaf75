using System.Globalization;
using System.Text;
using WsStorage.Robustness.History;
using WsStorage.Testing;

namespace WsStorage.Robustness.Load;

/// <summary>
/// The keys of a storm, and the sixteen watches on them: everything, prefixes, a prefix within a prefix, single keys, ranges
/// across prefixes, keys only, previous values, and a range where nothing happens.
/// </summary>
internal static class StormKeys
{
    /// <summary>The keys whose ranges are removed now and then.</summary>
    public const string Cleared = "c/";

    private static readonly string[] Groups = ["a/", "b/", "b/x/", Cleared];

    /// <summary>How many keys a group has.</summary>
    public const int GroupSize = 48;

    /// <summary>The keys that are put and removed, group by group; the last group is the one whose ranges are removed.</summary>
    public static IReadOnlyList<byte[]> All { get; } =
        [.. Groups.SelectMany(group => Enumerable.Range(0, GroupSize).Select(number => Of(group, number)))];

    /// <summary>The watches.</summary>
    public static IReadOnlyList<WatchSpec> Watches { get; } =
    [
        new("everything", KeyRange.All),
        new("everything, keys only", KeyRange.All) { KeysOnly = true, Start = WatchStart.Origin },
        new("everything, previous values", KeyRange.All) { PreviousValues = true, Start = WatchStart.LaterFromOrigin, Restarts = true },
        new("prefix a/", KeyRange.Prefix("a/")),
        new("prefix a/ once more, restarting", KeyRange.Prefix("a/")) { Restarts = true },
        new("prefix b/", KeyRange.Prefix("b/")) { Start = WatchStart.Origin },
        new("prefix b/x/ within it", KeyRange.Prefix("b/x/")) { PreviousValues = true },
        new("prefix b/x/00000", KeyRange.Prefix("b/x/00000")) { Start = WatchStart.Later },
        new("prefix c/, where ranges are removed", KeyRange.Prefix(Cleared)),
        new("from c/ on, restarting", KeyRange.From(Bytes.Of(Cleared))) { Restarts = true, KeysOnly = true },
        new("a/000024 to b/x/000012", KeyRange.Between(Of("a/", 24), Of("b/x/", 12))) { Start = WatchStart.LaterFromOrigin },
        new("the key a/000007", KeyRange.Single(Of("a/", 7))) { Restarts = true, PreviousValues = true },
        new("the key c/000007", KeyRange.Single(Of(Cleared, 7))) { Start = WatchStart.Origin },
        new("the ledger, keys only", KeyRange.Prefix(Ledger.Prefix)) { KeysOnly = true, Start = WatchStart.Later },
        new("a range where nothing happens", KeyRange.Prefix("idle/")),
        new("a range where nothing happens, restarting", KeyRange.Prefix("idle/")) { Restarts = true, Start = WatchStart.Origin },
    ];

    /// <summary>A key of a group.</summary>
    public static byte[] Of(string group, int number) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{group}{number:d6}"));
}
