using System.Runtime.InteropServices;

namespace WsStorage.Robustness.History;

/// <summary>What a watch is to be told of one revision.</summary>
/// <param name="Revision">The revision.</param>
/// <param name="Count">How many of its changes are in the watch's range.</param>
/// <param name="Digest">Their digest.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct ExpectedEvent(uint Revision, int Count, ulong Digest);

/// <summary>What was committed at one revision.</summary>
/// <param name="Id">Which write it was, by the ledger; the default when it is not in there.</param>
/// <param name="Digest">The digest of all its changes.</param>
/// <param name="PositionHash">The hash of the position after it.</param>
internal readonly record struct CommittedWrite(WriteId Id, ulong Digest, ulong PositionHash);

/// <summary>
/// What really happened: the whole log of the store, read at the end by a fresh local watch of everything from revision 0, and
/// checked against the chain of hashes and against what a scan of the store finds.
/// </summary>
internal sealed class Truth
{
    private readonly IReadOnlyList<CommittedWrite> _writes;
    private readonly Dictionary<WatchSpec, List<ExpectedEvent>> _expected;

    internal Truth(IReadOnlyList<CommittedWrite> writes, Dictionary<WatchSpec, List<ExpectedEvent>> expected, string? unsound)
    {
        _writes = writes;
        _expected = expected;
        Unsound = unsound;
    }

    /// <summary>The last revision.</summary>
    public uint Last => (uint)_writes.Count;

    /// <summary>Why the log can't be the truth, if it can't.</summary>
    public string? Unsound { get; }

    /// <summary>What was committed, in order; the first at revision 1.</summary>
    public IReadOnlyList<CommittedWrite> Writes => _writes;

    /// <summary>Reads the log.</summary>
    /// <param name="store">The store; nobody writes to it any more.</param>
    /// <param name="specs">The watches for which to say what they were to be told.</param>
    public static async Task<Truth> ReadAsync(IStorage store, IEnumerable<WatchSpec> specs)
    {
        StorageInfo info = await store.GetInfoAsync();
        var builder = new TruthBuilder(info.Epoch, specs);
        await foreach (WatchEvent told in store.WatchAsync(new WatchOptions { After = builder.Position }))
        {
            if (told.Kind == WatchEventKind.Changes)
            {
                builder.Add(told);
            }

            if (told.Revision >= info.Revision)
            {
                break;
            }
        }

        return await builder.BuildAsync(store, info.Position);
    }

    /// <summary>What a watch was to be told, in order.</summary>
    public IReadOnlyList<ExpectedEvent> Expected(WatchSpec spec) => _expected[spec];

    /// <summary>The place of the first event that a watch was to be told after a revision.</summary>
    public int FirstAfter(WatchSpec spec, ulong revision)
    {
        List<ExpectedEvent> expected = _expected[spec];
        int low = 0;
        int high = expected.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = expected[middle].Revision <= revision ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>What a watch was to be told at a revision, if anything.</summary>
    public ExpectedEvent? ExpectedAt(WatchSpec spec, uint revision)
    {
        int place = FirstAfter(spec, revision) - 1;
        return place >= 0 && _expected[spec][place].Revision == revision ? _expected[spec][place] : null;
    }

    /// <summary>Whether a position's hash is that of the log.</summary>
    public bool Knows(uint revision, uint positionHash) =>
        revision <= Last && (revision == 0 ? positionHash == 0 : unchecked((uint)_writes[(int)revision - 1].PositionHash) == positionHash);
}
