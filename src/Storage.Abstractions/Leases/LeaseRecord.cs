using System.Buffers.Binary;

namespace WsStorage.Leases;

/// <summary>
/// What the store holds of a lease, under <see cref="LeaseKeys.Record"/>: a byte with the version 1, the 16 bytes of the
/// session, and the time to live in milliseconds, 8 bytes, both big endian.
/// </summary>
/// <param name="Session">Whose it is.</param>
/// <param name="TimeToLive">How long it lasts while its session is away; whole milliseconds.</param>
public readonly record struct LeaseRecord(Guid Session, TimeSpan TimeToLive)
{
    private const byte Version = 1;
    private const int Length = 25;
    private const ulong MaxMilliseconds = 1UL << 42;

    /// <summary>Makes the value.</summary>
    /// <returns>The bytes.</returns>
    public byte[] Encode()
    {
        byte[] bytes = new byte[Length];
        bytes[0] = Version;
        Session.TryWriteBytes(bytes.AsSpan(1), bigEndian: true, out _);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(17), (ulong)TimeToLive.TotalMilliseconds);
        return bytes;
    }

    /// <summary>Reads the value.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="record">What they say.</param>
    /// <returns>Whether they are a record of a version that is known.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out LeaseRecord record)
    {
        record = default;
        if (bytes.Length != Length || bytes[0] != Version)
        {
            return false;
        }

        ulong milliseconds = BinaryPrimitives.ReadUInt64BigEndian(bytes[17..]);
        if (milliseconds > MaxMilliseconds)
        {
            return false;
        }

        record = new LeaseRecord(new Guid(bytes.Slice(1, 16), bigEndian: true), TimeSpan.FromMilliseconds((long)milliseconds));
        return true;
    }
}
