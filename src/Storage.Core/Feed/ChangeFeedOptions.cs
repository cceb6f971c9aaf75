namespace WsStorage.Core.Feed;

/// <summary>How a <see cref="ChangeFeed"/> keeps what was committed last.</summary>
public sealed record ChangeFeedOptions
{
    /// <summary>The smallest tail, in bytes: 64 KiB.</summary>
    public const long MinTailBytes = 64 * 1024;

    /// <summary>How many bytes of the groups committed last are kept in memory; the last one is kept in any case. Default:
    /// 16 MiB.</summary>
    public long TailBytes { get; init; } = 16L << 20;

    /// <summary>How many bytes are kept at the most while <see cref="HeldAfter"/> asks for more than
    /// <see cref="TailBytes"/>. Default: no more.</summary>
    public long HeldTailBytes { get; init; }

    /// <summary>
    /// Asked, when there are more than <see cref="TailBytes"/>, after which revision everything is still needed; none when no
    /// more is. Called under the feed's lock, while a group is published. Default: nobody needs more.
    /// </summary>
    public Func<Revision?>? HeldAfter { get; init; }

    /// <summary>What history there is beyond the tail. Default: none, the tail is all.</summary>
    public IChangeLog? Log { get; init; }

    /// <summary>
    /// Told of each new head before any watch can know of it, so that what the store says of itself is never behind what its
    /// watches say. Called under the feed's lock: it may set a few fields and call nothing. Default: nobody.
    /// </summary>
    public Action<Position>? HeadMoved { get; init; }

    /// <summary>The clock of progress marks. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
