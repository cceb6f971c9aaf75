namespace WsStorage;

/// <summary>What is hashed and how finely (<see cref="StorageExtensions.HashRangesAsync"/>).</summary>
public sealed record RangeHashOptions
{
    /// <summary>The most rows in a range that there may be asked for.</summary>
    public const int MaxRowsPerHash = 65536;

    /// <summary>A range ends with the row that brings its rows to so many bytes: 1 MiB.</summary>
    public const int MaxBytesPerHash = 1024 * 1024;

    /// <summary>The keys to hash. Default: all.</summary>
    public KeyRange Range { get; init; } = KeyRange.All;

    /// <summary>How many rows each hash is of, from 1 to 65,536, fewer if they are large. Default: 1,024.</summary>
    public int RowsPerHash { get; init; } = 1024;

    /// <summary>Refuses what makes no sense, with a message that names the thing and the bounds.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/> or
    /// <see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public void Validate()
    {
        Range.CheckBounds();
        if (RowsPerHash is < 1 or > MaxRowsPerHash)
        {
            throw StorageException.InvalidArgument($"A hash is to be of {RowsPerHash} rows; it must be from 1 to {MaxRowsPerHash}.");
        }
    }
}
