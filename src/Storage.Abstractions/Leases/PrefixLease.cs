using System.Globalization;

namespace WsStorage.Leases;

/// <summary>
/// A number that nobody else has under the same prefix while it is held, to build keys from. Small, from 1 on; free for others
/// after it is released or its lease has ended. Thread-safe.
/// </summary>
/// <remarks>
/// What is written under the prefix stays when the number goes to somebody else, unless it is bound to the <see cref="Lease"/>.
/// As with a lock, its holder may learn late that it has lost it: let its batches demand it (<see cref="Require"/>).
/// </remarks>
public sealed class PrefixLease : IAsyncDisposable
{
    private readonly Claim _claim;

    internal PrefixLease(string prefix, long number, Claim claim)
    {
        _claim = claim;
        Number = number;
        Prefix = string.Create(CultureInfo.InvariantCulture, $"{prefix}{number}/");
    }

    /// <summary>The number, from 1 on.</summary>
    public long Number { get; }

    /// <summary>
    /// What keys are to begin with: the prefix that was asked for, the number in decimal, and a slash, without which 3 would be
    /// the beginning of 31.
    /// </summary>
    public string Prefix { get; }

    /// <summary>The lease that holds the number: bind to it what is to go with it.</summary>
    public StorageLease Lease => _claim.Lease;

    /// <summary>Is cancelled when the number is lost, or may be, or is released: <see cref="StorageLease.Ended"/>.</summary>
    public CancellationToken Lost => _claim.Lease.Ended;

    /// <summary>Demands in a batch that the number is still held.</summary>
    /// <param name="batch">The batch.</param>
    /// <returns>The batch.</returns>
    public WriteBatch Require(WriteBatch batch) => _claim.Require(batch);

    /// <summary>Releases the number.</summary>
    /// <returns>Completes when others can have it. With a lease of its own, as <see cref="StorageLease.DisposeAsync"/>.</returns>
    /// <exception cref="StorageException">Of a number on a given lease: it could not be released, and is when the lease
    /// ends.</exception>
    public ValueTask DisposeAsync() => _claim.ReleaseAsync();
}
