namespace WsStorage.Replica;

/// <summary>What is compared and what is done about differences (<see cref="ReplicaStorage.VerifyAsync"/>).</summary>
public sealed record VerifyOptions
{
    /// <summary>The keys to compare; what the replica does not copy of them is left out. Default: all.</summary>
    public KeyRange Range { get; init; } = KeyRange.All;

    /// <summary>How many rows each hash is of, from 1 to <see cref="RangeHashOptions.MaxRowsPerHash"/>. Default: 1,024.</summary>
    public int RowsPerHash { get; init; } = 1024;

    /// <summary>Whether rows that differ are corrected. Default: no.</summary>
    public bool Mend { get; init; }

    /// <summary>Refuses what makes no sense, with a message that names the thing and the bounds.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/> or
    /// <see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public void Validate() => new RangeHashOptions { Range = Range, RowsPerHash = RowsPerHash }.Validate();
}
