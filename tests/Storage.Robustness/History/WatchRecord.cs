using System.Runtime.InteropServices;

namespace WsStorage.Robustness.History;

/// <summary>One event, boiled down.</summary>
/// <param name="Revision">Its revision.</param>
/// <param name="PositionHash">The lower half of its position's hash.</param>
/// <param name="Digest">The digest of its changes.</param>
/// <param name="Count">How many changes there were.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct RecordedEvent(uint Revision, uint PositionHash, ulong Digest, int Count);

/// <summary>One mark.</summary>
/// <param name="EventsBefore">How many events had been recorded when it came.</param>
/// <param name="Revision">Up to where it said that all had been told.</param>
/// <param name="PositionHash">The lower half of its position's hash.</param>
internal readonly record struct RecordedMark(int EventsBefore, uint Revision, uint PositionHash);

/// <summary>One call of <see cref="IStorage.WatchAsync"/>.</summary>
/// <param name="FirstEvent">How many events had been recorded before.</param>
/// <param name="After">The position that it was to go on after, or none.</param>
/// <param name="Begin">The position that it said to begin after; none when it ended before.</param>
internal readonly record struct WatchSegment(int FirstEvent, Position? After, Position? Begin);

/// <summary>All that one watcher was told, in the order in which it was told. Not thread-safe.</summary>
internal sealed class WatchRecord(WatchSpec spec)
{
    /// <summary>What is watched.</summary>
    public WatchSpec Spec { get; } = spec;

    /// <summary>The events.</summary>
    public List<RecordedEvent> Events { get; } = [];

    /// <summary>The marks, the first of each watch included.</summary>
    public List<RecordedMark> Marks { get; } = [];

    /// <summary>The watches, one after the other.</summary>
    public List<WatchSegment> Segments { get; } = [];

    /// <summary>The position that was told last.</summary>
    public Position? Last { get; private set; }

    /// <summary>The first thing that was told and should have been filtered out.</summary>
    public string? Unfiltered { get; private set; }

    /// <summary>Why the watch ended, if it did so by itself.</summary>
    public string? End { get; set; }

    /// <summary>The revision after which the watch began; none when it never began.</summary>
    public ulong? BeganAfter => Segments is [{ Begin: { } begin }, ..] ? begin.Revision.Value : null;

    /// <summary>A watch begins.</summary>
    public void Begin(Position? after) => Segments.Add(new WatchSegment(Events.Count, after, null));

    /// <summary>Something is told.</summary>
    public void Add(WatchEvent told)
    {
        uint revision = checked((uint)told.Revision.Value);
        uint hash = unchecked((uint)told.Position.Hash);
        if (Segments[^1].Begin is null)
        {
            Segments[^1] = Segments[^1] with { Begin = told.Position };
        }

        if (told.Kind == WatchEventKind.Changes)
        {
            ulong digest = ChangeDigest.None;
            int count = 0;
            foreach (Change change in told)
            {
                Append(ref digest, change, revision);
                count++;
            }

            Events.Add(new RecordedEvent(revision, hash, digest, count));
        }
        else
        {
            Marks.Add(new RecordedMark(Events.Count, revision, hash));
        }

        Last = told.Position;
    }

    private void Append(ref ulong digest, Change change, uint revision)
    {
        if (!Spec.Range.Intersect(change.ToRange()).Equals(change.ToRange()))
        {
            Unfiltered ??= $"revision {revision} came with a change outside of the range";
        }
        else if (Spec.KeysOnly && change.Kind == BatchOperationKind.Put && !change.Value.IsEmpty)
        {
            Unfiltered ??= $"revision {revision} came with a value to a watch of keys only";
        }
        else if (!Spec.PreviousValues && change.PreviousKind != PreviousValueKind.Unknown)
        {
            Unfiltered ??= $"revision {revision} came with a previous value that was not asked for";
        }

        digest = ChangeDigest.Append(digest, change.Kind, change.Key.Span, change.Value.Span);
        if (Spec.PreviousValues)
        {
            ulong previous = change.PreviousKind == PreviousValueKind.Value ? ChangeDigest.OfValue(change.Previous.Span) : 0;
            digest = ChangeDigest.AppendPrevious(digest, change.PreviousKind, previous);
        }
    }
}
