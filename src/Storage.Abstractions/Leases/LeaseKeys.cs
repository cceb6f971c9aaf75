using System.Globalization;
using System.Security.Cryptography;

namespace WsStorage.Leases;

/// <summary>
/// Where leases lie in the store. Under <see cref="ReservedKeys.Prefix"/>, <c>lease/&lt;id&gt;</c> is the record of a lease
/// (<see cref="LeaseRecord"/>), its id in 16 hexadecimal digits; <c>lease/&lt;id&gt;/&lt;key&gt;</c> says that a key is bound to
/// it, and has as its value the SHA-256 of the value that was bound.
/// </summary>
/// <remarks>A lease is there as long as its record is. What writes under a lease demands the record in the same batch, so that
/// nothing is bound to a lease that has ended.</remarks>
public static class LeaseKeys
{
    /// <summary>
    /// The longest key that can be bound, in bytes: 8 KiB, so that the batch that removes one fits wherever its put did.
    /// </summary>
    public const int MaxBoundKeyBytes = 8 * 1024;

    private const int IdDigits = 16;

    private static readonly byte[] Prefix = ReservedKeys.Combine("lease/"u8, []);

    /// <summary>The keys of all leases.</summary>
    public static KeyRange Range { get; } = KeyRange.Prefix(Prefix);

    /// <summary>The key of a lease's record, which every other key of the lease begins with.</summary>
    /// <param name="lease">The lease's id.</param>
    /// <returns>The key.</returns>
    public static byte[] Record(ulong lease)
    {
        byte[] key = new byte[Prefix.Length + IdDigits];
        Prefix.CopyTo(key, 0);
        lease.TryFormat(key.AsSpan(Prefix.Length), out _, "x16", CultureInfo.InvariantCulture);
        return key;
    }

    /// <summary>The key that says that another is bound to a lease.</summary>
    /// <param name="lease">The lease's id.</param>
    /// <param name="key">The other key.</param>
    /// <returns>The key.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.KeyTooLarge"/>: it is longer than
    /// <see cref="MaxBoundKeyBytes"/>.</exception>
    public static byte[] Binding(ulong lease, ReadOnlySpan<byte> key) => key.Length <= MaxBoundKeyBytes
        ? [.. Record(lease), (byte)'/', .. key]
        : throw new StorageException(
            StorageErrorCode.KeyTooLarge,
            $"A key is {key.Length} bytes long; one that is bound to a lease has at most {MaxBoundKeyBytes}. Bind a shorter key.");

    /// <summary>What is said of a value that is bound.</summary>
    /// <param name="value">The value.</param>
    /// <returns>Its SHA-256: 32 bytes.</returns>
    public static byte[] HashOf(ReadOnlySpan<byte> value) => SHA256.HashData(value);

    /// <summary>Takes a key of a lease apart.</summary>
    /// <param name="key">The key.</param>
    /// <param name="lease">The lease's id.</param>
    /// <param name="boundKey">The key that is bound, a slice; or <see langword="null"/> when this is the key of the
    /// record.</param>
    /// <returns>Whether it is a key of a lease.</returns>
    public static bool TryParse(ReadOnlyMemory<byte> key, out ulong lease, out ReadOnlyMemory<byte>? boundKey)
    {
        lease = 0;
        boundKey = null;
        ReadOnlySpan<byte> span = key.Span;
        if (!span.StartsWith(Prefix) || span.Length < Prefix.Length + IdDigits)
        {
            return false;
        }

        ReadOnlySpan<byte> digits = span.Slice(Prefix.Length, IdDigits);
        if (!ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out lease)
            || digits.ContainsAnyInRange((byte)'A', (byte)'F'))
        {
            return false;
        }

        ReadOnlyMemory<byte> rest = key[(Prefix.Length + IdDigits)..];
        if (rest.IsEmpty)
        {
            return true;
        }

        boundKey = rest[1..];
        return rest.Span[0] == (byte)'/';
    }
}
