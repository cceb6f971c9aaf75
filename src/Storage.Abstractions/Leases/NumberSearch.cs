using System.Buffers.Binary;

namespace WsStorage.Leases;

/// <summary>Takes the smallest number under a prefix that is free.</summary>
internal static class NumberSearch
{
    public static async ValueTask<PrefixLease> TakeAsync(
        StorageLease lease, bool ownsLease, string prefix, CancellationToken cancellationToken)
    {
        byte[] numbers = LockKeys.NumbersOf(prefix);
        ulong number = 0;
        while (true)
        {
            // One that was free, and taken by another meanwhile, is passed by.
            number = await FindFreeAsync(lease.Storage, numbers, number + 1, cancellationToken).ConfigureAwait(false);
            byte[] key = ToKey(numbers, number);
            if (await Claim.TryTakeAsync(lease, ownsLease, key, cancellationToken).ConfigureAwait(false) is { } claim)
            {
                return new PrefixLease(prefix, (long)number, claim);
            }
        }
    }

    private static async ValueTask<ulong> FindFreeAsync(
        IStorage storage, byte[] numbers, ulong from, CancellationToken cancellationToken)
    {
        KeyRange range = KeyRange.Prefix(numbers).Intersect(KeyRange.From(ToKey(numbers, from)));
        var options = new ScanOptions { Range = range, KeysOnly = true };
        ulong free = from;
        await foreach (ScanPage page in storage.ScanPagesAsync(options, cancellationToken).ConfigureAwait(false))
        {
            foreach (ScanPage.Row row in page)
            {
                ReadOnlySpan<byte> digits = row.Key.Span[numbers.Length..];
                if (digits.Length != sizeof(ulong))
                {
                    continue;
                }

                if (BinaryPrimitives.ReadUInt64BigEndian(digits) != free)
                {
                    return free;
                }

                free++;
            }
        }

        return free;
    }

    private static byte[] ToKey(byte[] numbers, ulong number)
    {
        byte[] key = [.. numbers, 0, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(numbers.Length), number);
        return key;
    }
}
