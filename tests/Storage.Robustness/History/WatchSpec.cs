namespace WsStorage.Robustness.History;

/// <summary>Where a watch of a run begins.</summary>
internal enum WatchStart
{
    /// <summary>Before the first write, by no position.</summary>
    Now,

    /// <summary>Before the first write, from the position of the empty store.</summary>
    Origin,

    /// <summary>In the middle of the run, by no position.</summary>
    Later,

    /// <summary>In the middle of the run, from the position of the empty store.</summary>
    LaterFromOrigin,
}

/// <summary>What one watcher of a run follows, and how.</summary>
/// <param name="Name">For people.</param>
/// <param name="Range">The keys.</param>
internal sealed record WatchSpec(string Name, KeyRange Range)
{
    /// <summary>Where it begins.</summary>
    public WatchStart Start { get; init; }

    /// <summary>Without values.</summary>
    public bool KeysOnly { get; init; }

    /// <summary>With previous values.</summary>
    public bool PreviousValues { get; init; }

    /// <summary>
    /// Whether the watcher itself ends its watch now and then, at random moments, and begins a new one at the position that it
    /// has reached, sometimes with a new client, as a program does that is started again.
    /// </summary>
    public bool Restarts { get; init; }

    /// <summary>The options of a watch that goes on after a position.</summary>
    public WatchOptions ToOptions(Position? after) => new()
    {
        Range = Range,
        After = after,
        KeysOnly = KeysOnly,
        PreviousValues = PreviousValues,
        ProgressInterval = TimeSpan.FromMilliseconds(250),
    };

    /// <summary>Digests a change as this watch is to see it.</summary>
    /// <param name="digest">The digest of the event so far; gets the change appended if the watch is to see it.</param>
    /// <param name="change">The change as it was committed.</param>
    /// <param name="previousKind">What is known of its key before.</param>
    /// <param name="previous">The digest of the key's value before.</param>
    /// <returns>Whether it is to see it.</returns>
    public bool TryAppend(ref ulong digest, Change change, PreviousValueKind previousKind, ulong previous)
    {
        if (change.Kind == BatchOperationKind.RemoveRange)
        {
            KeyRange cut = change.ToRange().Intersect(Range);
            if (cut.IsEmpty)
            {
                return false;
            }

            digest = ChangeDigest.Append(digest, change.Kind, cut.Start.Span, cut.End.Span);
        }
        else if (Range.Contains(change.Key.Span))
        {
            digest = ChangeDigest.Append(digest, change.Kind, change.Key.Span, KeysOnly ? default : change.Value.Span);
        }
        else
        {
            return false;
        }

        if (PreviousValues)
        {
            digest = ChangeDigest.AppendPrevious(digest, previousKind, previous);
        }

        return true;
    }
}
