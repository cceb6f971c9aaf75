namespace WsStorage.Testing;

/// <summary>A copy of an event that a watch told.</summary>
/// <param name="Kind">What it tells.</param>
/// <param name="Position">All that is watched has been told up to here.</param>
/// <param name="CommitTime">When the batch was committed.</param>
/// <param name="Changes">What the batch did in the range; empty for other kinds.</param>
public sealed record ToldEvent(
    WatchEventKind Kind, Position Position, DateTimeOffset CommitTime, IReadOnlyList<ToldChange> Changes)
{
    /// <summary>The revision of the batch, or up to which all has been told.</summary>
    public Revision Revision => Position.Revision;

    /// <summary>Copies an event, which is valid only until its watch moves on.</summary>
    /// <param name="told">The event.</param>
    /// <returns>The copy.</returns>
    public static ToldEvent Of(WatchEvent told)
    {
        var changes = new List<ToldChange>();
        foreach (Change change in told)
        {
            changes.Add(new ToldChange(
                new ModelOperation(change.Kind, change.Key.ToArray(), change.Value.ToArray()),
                change.PreviousKind,
                change.PreviousKind == PreviousValueKind.Value ? change.Previous.ToArray() : null));
        }

        return new ToldEvent(told.Kind, told.Position, told.CommitTime, changes);
    }

    /// <inheritdoc/>
    public override string ToString() => Kind == WatchEventKind.Changes
        ? $"{Revision}: {string.Join(", ", Changes)}"
        : $"{Revision}: {Kind}";
}

/// <summary>A copy of one change.</summary>
/// <param name="Operation">What was done.</param>
/// <param name="PreviousKind">What is known of the value before.</param>
/// <param name="Previous">That value, when it is known.</param>
public sealed record ToldChange(ModelOperation Operation, PreviousValueKind PreviousKind, byte[]? Previous)
{
    /// <inheritdoc/>
    public override string ToString() => PreviousKind switch
    {
        PreviousValueKind.Unknown => $"{Operation}",
        PreviousValueKind.Absent => $"{Operation} (was absent)",
        _ => $"{Operation} (was {Bytes.Show(Previous)})",
    };
}
