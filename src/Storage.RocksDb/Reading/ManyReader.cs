using System.Buffers;
using System.Runtime.CompilerServices;
using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Reading;

/// <summary>Reads many keys at one point in time and hands each value over where RocksDB holds it.</summary>
internal static unsafe class ManyReader
{
    /// <summary>How many keys one native call reads; what it needs beside them fits the stack.</summary>
    public const int ChunkKeys = 128;

    private const int StackKeyBytes = 8192;

    /// <summary>Reads the keys.</summary>
    /// <param name="database">The database.</param>
    /// <param name="keys">The keys, each within its limit.</param>
    /// <param name="receiver">Told of each key in order.</param>
    /// <param name="pointInTime">Whether the database changes, so that more than one native call needs a snapshot.</param>
    /// <exception cref="StorageException">A read failed.</exception>
    public static void Read(Database database, ReadOnlySpan<ReadOnlyMemory<byte>> keys, IValueReceiver receiver, bool pointInTime)
    {
        bool oneCall = OptionalApi.BatchedMultiGet is not null ? keys.Length <= ChunkKeys : keys.Length <= 1;
        if (oneCall || !pointInTime)
        {
            ReadAt(database, database.ReadOptions, keys, receiver);
            return;
        }

        using var snapshot = new SnapshotHandle(database.Handle);
        using var options = new ReadOptionsHandle();
        options.SetSnapshot(snapshot);
        ReadAt(database, options, keys, receiver);
    }

    private static void ReadAt(
        Database database, ReadOptionsHandle options, ReadOnlySpan<ReadOnlyMemory<byte>> keys, IValueReceiver receiver)
    {
        if (OptionalApi.BatchedMultiGet is null)
        {
            ReadEach(database, options, keys, receiver);
            return;
        }

        ThreadCounters.TurnOff();
        for (int start = 0; start < keys.Length; start += ChunkKeys)
        {
            ReadChunk(database, options, keys.Slice(start, Math.Min(ChunkKeys, keys.Length - start)), start, receiver);
        }
    }

    private static void ReadEach(
        Database database, ReadOptionsHandle options, ReadOnlySpan<ReadOnlyMemory<byte>> keys, IValueReceiver receiver)
    {
        for (int i = 0; i < keys.Length; i++)
        {
            using PinnedValue value = PinnedValue.Get(database, database.Data, options, keys[i].Span);
            HandOver(value, i, receiver);
        }
    }

    [SkipLocalsInit]
    private static void ReadChunk(
        Database database, ReadOptionsHandle options, ReadOnlySpan<ReadOnlyMemory<byte>> keys, int start, IValueReceiver receiver)
    {
        int keyBytes = 0;
        foreach (ReadOnlyMemory<byte> key in keys)
        {
            keyBytes += key.Length;
        }

        byte[]? rented = keyBytes > StackKeyBytes ? ArrayPool<byte>.Shared.Rent(keyBytes) : null;
        try
        {
            Span<byte> copied = rented is null ? stackalloc byte[StackKeyBytes] : rented;
            fixed (byte* at = copied)
            {
                ReadChunk(database, options, keys, at, start, receiver);
            }
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    [SkipLocalsInit]
    private static void ReadChunk(
        Database database,
        ReadOptionsHandle options,
        ReadOnlySpan<ReadOnlyMemory<byte>> keys,
        byte* copied,
        int start,
        IValueReceiver receiver)
    {
        byte** pointers = stackalloc byte*[ChunkKeys];
        nuint* lengths = stackalloc nuint[ChunkKeys];
        nint* values = stackalloc nint[ChunkKeys];
        nint* errors = stackalloc nint[ChunkKeys];
        for (int i = 0; i < keys.Length; i++)
        {
            ReadOnlySpan<byte> key = keys[i].Span;
            key.CopyTo(new Span<byte>(copied, key.Length));
            pointers[i] = copied;
            lengths[i] = (nuint)key.Length;
            copied += key.Length;
        }

        OptionalApi.BatchedMultiGet(
            database.Handle.Pointer, options.Pointer, database.Data.Pointer, (nuint)keys.Length, pointers, lengths, values, errors, 0);
        int next = 0;
        try
        {
            for (; next < keys.Length; next++)
            {
                NativeError.ThrowIfSet(errors[next], "A key could not be read");
                using var value = new PinnedValue(values[next]);
                HandOver(value, start + next, receiver);
            }
        }
        finally
        {
            // After a failure, what has not been handed over is released unread; the failed one has been.
            for (next++; next < keys.Length; next++)
            {
                new PinnedValue(values[next]).Dispose();
                RocksDbApi.rocksdb_free(errors[next]);
            }
        }
    }

    private static void HandOver(PinnedValue value, int index, IValueReceiver receiver)
    {
        if (value.Exists)
        {
            receiver.OnValue(index, value.Span);
        }
        else
        {
            receiver.OnMissing(index);
        }
    }
}
