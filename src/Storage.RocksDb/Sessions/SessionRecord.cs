using System.Buffers.Binary;
using WsStorage.Core.Sessions;
using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Sessions;

/// <summary>The rows of the family <c>wsstorage.sessions</c>: what one commit group has executed of one session.</summary>
/// <remarks>
/// <para>The layout is on the disk and never changes; a new one gets a new version. Numbers are little endian, save in the key.
/// <c>docs/log-format.md</c> describes it with an example.</para>
/// <code>
/// key    = session: 16 bytes, sequence: u64 big endian
/// value  = version: u8 = 1, time: i64 (ms since 1970 UTC), known-from: varint, acknowledged-through: varint,
///          last-number: varint, 1* write
/// write  = number: step, hash: u64, outcome: varint, revision: step
/// step   = varint: the difference to the write before, or to 0, zigzag
/// </code>
/// </remarks>
internal static class SessionRecord
{
    public const byte Version = 1;
    public const int KeyBytes = 16 + sizeof(ulong);
    public const int MaxHeaderBytes = 1 + sizeof(long) + (3 * Varint.MaxLength);
    public const int MaxWriteBytes = (3 * Varint.MaxLength) + sizeof(ulong);

    /// <summary>Writes a key.</summary>
    public static void WriteKey(Span<byte> key, Guid session, ulong sequence)
    {
        session.TryWriteBytes(key, bigEndian: true, out _);
        BinaryPrimitives.WriteUInt64BigEndian(key[16..], sequence);
    }

    /// <summary>Reads a key.</summary>
    public static (Guid Session, ulong Sequence) ReadKey(ReadOnlySpan<byte> key) => key.Length == KeyBytes
        ? (new Guid(key[..16], bigEndian: true), BinaryPrimitives.ReadUInt64BigEndian(key[16..]))
        : throw Damaged();

    /// <summary>Adds the removal of every session of a store to a batch.</summary>
    public static void AppendRemovalOfAll(NativeBatch batch, Database database)
    {
        Span<byte> start = stackalloc byte[KeyBytes];
        Span<byte> end = stackalloc byte[KeyBytes + 1];
        start.Clear();
        end.Fill(0xFF);
        batch.RemoveRange(database.Sessions!, start, end);
    }

    /// <summary>Writes what stands before the writes.</summary>
    /// <returns>The bytes written, at most <see cref="MaxHeaderBytes"/>.</returns>
    public static int WriteHeader(Span<byte> value, in SessionMark mark)
    {
        value[0] = Version;
        BinaryPrimitives.WriteInt64LittleEndian(value[1..], mark.LastUsed);
        int used = 1 + sizeof(long);
        used += Varint.Write(value[used..], mark.KnownFrom);
        used += Varint.Write(value[used..], mark.AcknowledgedThrough);
        return used + Varint.Write(value[used..], mark.LastNumber);
    }

    /// <summary>Writes a write.</summary>
    /// <param name="value">At least <see cref="MaxWriteBytes"/>.</param>
    /// <param name="write">The write.</param>
    /// <param name="previous">The write before it; the default value for the first.</param>
    /// <returns>The bytes written.</returns>
    public static int WriteWrite(Span<byte> value, in SessionWrite write, in SessionWrite previous)
    {
        int used = Varint.Write(value, ToStep(write.Number, previous.Number));
        BinaryPrimitives.WriteUInt64LittleEndian(value[used..], write.Hash);
        used += sizeof(ulong);
        used += Varint.Write(value[used..], (ulong)(write.Result.FailedPrecondition + 1));
        return used + Varint.Write(value[used..], ToStep(write.Result.Revision.Value, previous.Result.Revision.Value));
    }

    /// <summary>Reads a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="writes">Is given the writes, in their order; emptied before.</param>
    /// <returns>What stands before the writes.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.UnsupportedVersion"/> or
    /// <see cref="StorageErrorCode.Corrupt"/>.</exception>
    public static SessionMark Read(ReadOnlySpan<byte> value, List<SessionWrite> writes)
    {
        if (value.Length < 1 + sizeof(long))
        {
            throw Damaged();
        }

        if (value[0] != Version)
        {
            throw new StorageException(
                StorageErrorCode.UnsupportedVersion,
                $"The store holds a session record of version {value[0]}; this program knows version {Version}. Use a newer WsStorage.");
        }

        long time = BinaryPrimitives.ReadInt64LittleEndian(value[1..]);
        ReadOnlySpan<byte> rest = value[(1 + sizeof(long))..];
        var mark = new SessionMark(TakeVarint(ref rest), TakeVarint(ref rest), TakeVarint(ref rest), time);
        writes.Clear();
        SessionWrite previous = default;
        do
        {
            previous = TakeWrite(ref rest, previous);
            writes.Add(previous);
        }
        while (!rest.IsEmpty);
        return mark;
    }

    private static SessionWrite TakeWrite(ref ReadOnlySpan<byte> rest, in SessionWrite previous)
    {
        ulong number = FromStep(TakeVarint(ref rest), previous.Number);
        if (rest.Length < sizeof(ulong))
        {
            throw Damaged();
        }

        ulong hash = BinaryPrimitives.ReadUInt64LittleEndian(rest);
        rest = rest[sizeof(ulong)..];
        ulong outcome = TakeVarint(ref rest);
        if (outcome > int.MaxValue)
        {
            throw Damaged();
        }

        var revision = new Revision(FromStep(TakeVarint(ref rest), previous.Result.Revision.Value));
        return new SessionWrite(
            number, hash, outcome == 0 ? WriteResult.AppliedAt(revision) : WriteResult.RefusedAt(revision, (int)outcome - 1));
    }

    private static ulong TakeVarint(ref ReadOnlySpan<byte> rest)
    {
        if (!Varint.TryRead(rest, out ulong value, out int used))
        {
            throw Damaged();
        }

        rest = rest[used..];
        return value;
    }

    private static ulong ToStep(ulong value, ulong previous)
    {
        long difference = unchecked((long)(value - previous));
        return unchecked((ulong)((difference << 1) ^ (difference >> 63)));
    }

    private static ulong FromStep(ulong step, ulong previous) =>
        unchecked(previous + (step >> 1 ^ (ulong)-(long)(step & 1)));

    private static StorageException Damaged() => new(
        StorageErrorCode.Corrupt, "The store holds a session record that is cut short. Restore the store from a checkpoint.");
}
