using System.Buffers.Binary;
using System.Security.Cryptography;

namespace WsStorage.Leases;

/// <summary>
/// A key that at most one lease has at a time, bound to it while it has it: what locks and numbers are made of. The value is
/// the lease's id and 16 random bytes, other ones for every claim.
/// </summary>
internal sealed class Claim
{
    private readonly bool _ownsLease;

    private Claim(StorageLease lease, bool ownsLease, byte[] key)
    {
        Lease = lease;
        _ownsLease = ownsLease;
        Key = key;
        Value = new byte[24];
        BinaryPrimitives.WriteUInt64BigEndian(Value, lease.Id);
        RandomNumberGenerator.Fill(Value.AsSpan(8));
    }

    public StorageLease Lease { get; }

    public byte[] Key { get; }

    public byte[] Value { get; }

    /// <summary>The revision at which the key was taken; grows from one claim of the key to the next.</summary>
    public Revision Revision { get; private set; }

    /// <summary>Tries to take a key.</summary>
    /// <param name="lease">What it is bound to.</param>
    /// <param name="ownsLease">Whether the lease ends with the claim.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The claim, or none when the key is taken. When this throws, the key is not taken by it.</returns>
    public static async ValueTask<Claim?> TryTakeAsync(
        StorageLease lease, bool ownsLease, byte[] key, CancellationToken cancellationToken)
    {
        var claim = new Claim(lease, ownsLease, key);
        WriteBatch batch = lease.Bind(new WriteBatch(), key, claim.Value).RequireAbsent(key);
        try
        {
            WriteResult result = await lease.WriteAsync(batch, cancellationToken).ConfigureAwait(false);
            claim.Revision = result.Revision;
            return result.Applied ? claim : null;
        }
        catch (Exception exception) when (!ownsLease && MayBeApplied(exception))
        {
            // A lease of its own is ended by whoever made it, and takes the key along.
            await claim.GiveUpAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Demands in a batch that the key is still taken by this claim.</summary>
    public WriteBatch Require(WriteBatch batch) => batch.RequireEqual(Key, Value);

    /// <summary>Lets the key go. One that is not this claim's any more is left alone.</summary>
    public async ValueTask ReleaseAsync()
    {
        if (_ownsLease)
        {
            await Lease.DisposeAsync().ConfigureAwait(false);
        }
        else
        {
            WriteBatch batch = Lease.Unbind(Require(new WriteBatch()), Key).Remove(Key);
            await Lease.Storage.WriteAsync(batch, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static bool MayBeApplied(Exception exception) =>
        exception is OperationCanceledException or StorageException { Outcome: not WriteOutcome.NotApplied };

    private async ValueTask GiveUpAsync()
    {
        try
        {
            await ReleaseAsync().ConfigureAwait(false);
        }
        catch (StorageException)
        {
            // What made the caller fail goes on: the key is free when the lease ends.
        }
    }
}
