namespace WsStorage.Testing;

/// <summary>Checks what a watch told, resumptions included, against what was committed: each guarantee by its name.</summary>
/// <param name="committed">What was committed.</param>
/// <param name="options">What the watch follows.</param>
/// <param name="told">All that it told, in order; of a watch that was resumed, the first marks of the later parts
/// included.</param>
public sealed class WatchGuarantees(CommittedHistory committed, WatchOptions options, IReadOnlyList<ToldEvent> told)
{
    private readonly IReadOnlyList<Revision> _touching = committed.Touching(told[0].Revision, told[^1].Revision, options);
    private readonly ToldEvent[] _changes = [.. told.Where(each => each.Kind == WatchEventKind.Changes)];

    /// <summary>Checks them all.</summary>
    public void CheckAll()
    {
        CheckOrdered();
        CheckUnique();
        CheckAtomic();
        CheckReliable();
        CheckFiltered();
        CheckBookmarkable();
    }

    /// <summary>Ordered: revisions only grow.</summary>
    public void CheckOrdered() =>
        Assert.That(told.Select(each => each.Revision), Is.Ordered, Describe("Ordered"));

    /// <summary>Unique: no batch comes twice.</summary>
    public void CheckUnique() =>
        Assert.That(_changes.Select(each => each.Revision), Is.Unique, Describe("Unique"));

    /// <summary>Atomic: what a batch did in the range comes whole, in its order.</summary>
    public void CheckAtomic()
    {
        foreach (ToldEvent each in _changes)
        {
            IReadOnlyList<string> whole = committed.Expected(each.Revision, options);
            Assert.That(
                each.Changes.Select(change => $"{change.Operation}").Where(whole.Contains),
                Is.EqualTo(whole),
                Describe($"Atomic at {each.Revision}"));
        }
    }

    /// <summary>Reliable: nothing in the range is skipped.</summary>
    public void CheckReliable() => Assert.That(
        _touching.Except(_changes.Select(each => each.Revision)), Is.Empty, Describe("Reliable"));

    /// <summary>Filtered: what was done in the range, and nothing else.</summary>
    public void CheckFiltered()
    {
        foreach (ToldEvent each in _changes)
        {
            Assert.That(
                each.Changes.Select(change => $"{change.Operation}"),
                Is.SubsetOf(committed.Expected(each.Revision, options)).And.Not.Empty,
                Describe($"Filtered at {each.Revision}"));
        }
    }

    /// <summary>Bookmarkable: when a position is told, all up to it has been.</summary>
    public void CheckBookmarkable()
    {
        var missing = new SortedSet<Revision>(_touching);
        foreach (ToldEvent each in told)
        {
            if (each.Kind == WatchEventKind.Changes)
            {
                missing.Remove(each.Revision);
            }

            Revision next = missing.Count == 0 ? each.Revision.Next : missing.Min;
            Assert.That(next, Is.GreaterThan(each.Revision), Describe($"Bookmarkable at {each}"));
        }
    }

    /// <summary>Resumable: a watch from the position of any event tells the rest.</summary>
    /// <param name="at">Which event.</param>
    /// <param name="resumed">What the watch from its position told, at least as far as this one.</param>
    public void CheckResumable(int at, IReadOnlyList<ToldEvent> resumed)
    {
        Assert.That(resumed[0].Position, Is.EqualTo(told[at].Position), Describe("Resumable: its first mark"));
        Assert.That(
            Show(resumed),
            Is.EqualTo(Show(told.Skip(at + 1))),
            Describe($"Resumable from {told[at].Revision}"));

        static IEnumerable<string> Show(IEnumerable<ToldEvent> events) =>
            events.Where(each => each.Kind == WatchEventKind.Changes).Select(each => $"{each.Position} {each}");
    }

    private string Describe(string guarantee)
    {
        string end = options.Range.End.IsEmpty ? "end" : Bytes.Show(options.Range.End.ToArray());
        return $"{guarantee}: watch of [{Bytes.Show(options.Range.Start.ToArray())}, {end}) from {told[0].Revision}"
            + $" to {told[^1].Revision}{(options.KeysOnly ? ", keys only" : "")}";
    }
}
