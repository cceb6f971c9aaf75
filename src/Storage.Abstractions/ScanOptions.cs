namespace WsStorage;

/// <summary>What a scan reads and how.</summary>
public sealed record ScanOptions
{
    /// <summary>The rows that a page aims at, in bytes: 64 KiB.</summary>
    public const int DefaultPageBytes = 64 * 1024;

    /// <summary>The keys to read. Default: all.</summary>
    public KeyRange Range { get; init; } = KeyRange.All;

    /// <summary>From the last key to the first. Default: from the first to the last.</summary>
    public bool Reverse { get; init; }

    /// <summary>The most rows to read. Default: no limit.</summary>
    public long Limit { get; init; } = long.MaxValue;

    /// <summary>Leave the values out: every value reads as empty.</summary>
    public bool KeysOnly { get; init; }

    /// <summary>
    /// The bytes that a page aims at, from 1 KiB to 1 MiB. A page ends with the row that reaches it, so a page is at most
    /// this and one row long.
    /// </summary>
    public int PageBytes { get; init; } = DefaultPageBytes;

    /// <summary>Refuses what makes no sense, with a message that names the thing and the bounds.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public void Validate()
    {
        if (Limit < 1)
        {
            throw StorageException.InvalidArgument($"A scan's limit is {Limit}; it must be 1 or more.");
        }

        if (PageBytes is < 1024 or > 1024 * 1024)
        {
            throw StorageException.InvalidArgument($"A scan's page size is {PageBytes} bytes; it must be from 1,024 to 1,048,576.");
        }

        Range.CheckBounds();
    }
}
