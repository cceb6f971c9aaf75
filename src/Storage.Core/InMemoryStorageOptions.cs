namespace WsStorage.Core;

/// <summary>How an <see cref="InMemoryStorage"/> is opened.</summary>
public sealed record InMemoryStorageOptions
{
    /// <summary>What it takes at the most. Default: <see cref="StorageLimits.Default"/>.</summary>
    public StorageLimits Limits { get; init; } = StorageLimits.Default;

    /// <summary>Refuses contradictions.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public void Validate() => Limits.Validate();
}
