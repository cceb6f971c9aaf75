namespace WsStorage;

/// <summary>What a watch follows and from where.</summary>
public sealed record WatchOptions
{
    /// <summary>The keys to follow. Default: all; then each batch is told just as it was committed, and none is left out, so that
    /// its operations lead to the hash of its position.</summary>
    public KeyRange Range { get; init; } = KeyRange.All;

    /// <summary>
    /// The position after which the watch begins: that of the last <see cref="WatchEvent"/> that was dealt with.
    /// <see langword="null"/>, the default, begins after what is committed now.
    /// </summary>
    public Position? After { get; init; }

    /// <summary>Leave the values out: every value reads as empty. What was there before, if asked for, is brought along all
    /// the same.</summary>
    public bool KeysOnly { get; init; }

    /// <summary>
    /// Bring along what each key held before, where the log has it: a store keeps it only when it was opened so.
    /// </summary>
    public bool PreviousValues { get; init; }

    /// <summary>Bring along invalidations: that a server wants its clients to look again.</summary>
    public bool Invalidations { get; init; }

    /// <summary>
    /// How soon a watch to which nothing happens learns how far it is complete, when the store has moved on meanwhile. From
    /// 100 ms to a day. Default: 5 s.
    /// </summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Refuses what makes no sense, with a message that names the thing and the bounds.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/> or
    /// <see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public void Validate()
    {
        Range.CheckBounds();
        if (ProgressInterval < TimeSpan.FromMilliseconds(100) || ProgressInterval > TimeSpan.FromDays(1))
        {
            throw StorageException.InvalidArgument(
                $"A watch's progress interval is {ProgressInterval}; it must be from 100 ms to a day.");
        }
    }
}
