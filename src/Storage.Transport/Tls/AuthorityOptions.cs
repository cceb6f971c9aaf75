namespace WsStorage.Transport.Tls;

/// <summary>What the certificate of an authority says.</summary>
public sealed record AuthorityOptions
{
    /// <summary>The longest life of an authority: thirty years.</summary>
    public static readonly TimeSpan MaxValidity = TimeSpan.FromDays(10957);

    /// <summary>The common name.</summary>
    public string Name { get; init; } = "WsStorage CA";

    /// <summary>When it begins to be valid. Default: five minutes ago.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>How long it is valid. Default: ten years.</summary>
    public TimeSpan Validity { get; init; } = TimeSpan.FromDays(3650);

    /// <summary>Refuses what makes no sense, with a message that names the thing and the bounds.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public void Validate()
    {
        CertificateNames.CheckCommonName(Name);
        if (Validity < TimeSpan.FromSeconds(1) || Validity > MaxValidity)
        {
            throw StorageException.InvalidArgument(
                $"An authority's validity is {Validity.TotalDays:0.##} days; it must be from one second to {MaxValidity.TotalDays:0} days.");
        }
    }
}
