namespace WsStorage.Core.Copies;

/// <summary>What a copy is a copy of and how far it is. Immutable.</summary>
public sealed record CopyState
{
    /// <summary>The keys that are copied, as they were given; empty for all keys.</summary>
    public required IReadOnlyList<KeyRange> Ranges { get; init; }

    /// <summary>The source's position that the copy is at; the start of the load while it is loaded.</summary>
    public required Position Position { get; init; }

    /// <summary>How far loading is. Kept after it is complete, until the copy is as far as <see cref="CopyLoad.WholeAt"/> and is
    /// promoted; none afterwards, and none in a copy that was made of files and is whole at once.</summary>
    public CopyLoad? Load { get; init; }

    /// <summary>Whether all keys are copied.</summary>
    public bool IsOfAllKeys => Ranges.Count == 0;

    /// <summary>Whether the rows are those of the source at <see cref="Position"/>.</summary>
    public bool IsWhole => Load is null || (Load.IsComplete && Position.Revision >= Load.WholeAt);
}

/// <summary>
/// How far the loading of a copy is. Rows are read by scans that begin after the position <see cref="Start"/> was learnt; one
/// that is interrupted goes on after <see cref="Last"/>, at a later revision. So the rows are of several revisions, and become
/// those of one by applying what was committed after <see cref="Start"/> up to <see cref="WholeAt"/>: puts and removals can be
/// repeated.
/// </summary>
public sealed record CopyLoad
{
    /// <summary>Where following begins.</summary>
    public required Position Start { get; init; }

    /// <summary>The latest revision that rows were read at.</summary>
    public Revision WholeAt { get; init; }

    /// <summary>The key of the last row; none before the first.</summary>
    public ReadOnlyMemory<byte>? Last { get; init; }

    /// <summary>How many rows there are.</summary>
    public long Rows { get; init; }

    /// <summary>The bytes of their keys and values.</summary>
    public long Bytes { get; init; }

    /// <summary>Whether all rows are there.</summary>
    public bool IsComplete { get; init; }
}
