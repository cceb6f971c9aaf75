using System.Security.Cryptography.X509Certificates;

namespace WsStorage.Transport.Tls;

/// <summary>Whether and how peers' certificates are checked for having been taken back by their authority.</summary>
public sealed record RevocationOptions
{
    /// <summary>No check: the default, right for authorities that publish no revocation lists.</summary>
    public static RevocationOptions None { get; } = new();

    /// <summary>
    /// <see cref="X509RevocationMode.NoCheck"/>; <see cref="X509RevocationMode.Offline"/>: by lists that the machine has
    /// already; <see cref="X509RevocationMode.Online"/>: by lists and responders that the certificate names.
    /// A state that can't be found out is a refusal.
    /// </summary>
    public X509RevocationMode Mode { get; init; } = X509RevocationMode.NoCheck;

    /// <summary>
    /// The most time for all fetching within one handshake, from 100 ms to 30 s. Default: 5 s. An unreachable responder
    /// holds a handshake up for this long (dotnet/runtime 31664).
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Refuses what makes no sense, with a message that names the thing and the bounds.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public void Validate()
    {
        if (!Enum.IsDefined(Mode))
        {
            throw StorageException.InvalidArgument($"The revocation mode {Mode} does not exist; it is NoCheck, Offline or Online.");
        }

        if (Timeout < TimeSpan.FromMilliseconds(100) || Timeout > TimeSpan.FromSeconds(30))
        {
            throw StorageException.InvalidArgument($"The revocation timeout is {Timeout.TotalSeconds:0.###} s; it must be from 0.1 to 30 s.");
        }
    }
}
