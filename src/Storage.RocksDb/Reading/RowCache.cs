using System.Numerics;
using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Reading;

/// <summary>
/// The rows that were read last, by key, so that to read one again takes one look into a hash table and none into RocksDB's files.
/// Never stale: a write takes what it changes out before it becomes visible, and what was read while a write was under way is not
/// kept. Of writes there is one at a time; all else is thread-safe.
/// </summary>
internal sealed class RowCache
{
    /// <summary>Rows that are longer than this, key and value together, are left to RocksDB.</summary>
    public const int MaxRowBytes = 16 * 1024;

    // Enough that threads seldom meet; a small cache has fewer, since each must hold a good number of the longest rows.
    private const int MostShards = 64;
    private const int LeastShardBytes = 32 * MaxRowBytes;

    private static readonly ulong _seed = (ulong)Random.Shared.NextInt64();

    private readonly RowCacheShard[] _shards;
    private readonly int _shardShift;
    private long _begun;
    private long _completed;
    private long _emptiedAt;

    /// <summary>Makes an empty cache.</summary>
    /// <param name="bytes">How much memory it may take; taken when there is something to keep.</param>
    public RowCache(long bytes)
    {
        int shards = (int)Math.Clamp(BitOperations.RoundUpToPowerOf2((ulong)(bytes / LeastShardBytes) + 1) / 2, 1, MostShards);
        _shards = new RowCacheShard[shards];
        _shardShift = 64 - BitOperations.Log2((uint)shards);
        for (int i = 0; i < shards; i++)
        {
            _shards[i] = new RowCacheShard(bytes / shards);
        }
    }

    /// <summary>How many writes are complete: to be read before the store is, and given with what was read.</summary>
    public long Now => Volatile.Read(ref _completed);

    /// <summary>The hash of a key, as the other methods want it.</summary>
    public static ulong Hash(ReadOnlySpan<byte> key) => XxHash64.Hash(key, _seed);

    /// <summary>Has the processor fetch where it is noted whether a key is here, for a caller who asks for others meanwhile.</summary>
    /// <param name="hash">The key's hash.</param>
    public void FetchPlaces(ulong hash) => ShardOf(hash).FetchPlaces(hash);

    /// <summary>Has the processor fetch a row, if it is here, after <see cref="FetchPlaces"/>.</summary>
    /// <param name="hash">The key's hash.</param>
    public void FetchRow(ulong hash) => ShardOf(hash).FetchRow(hash);

    /// <summary>Copies a value.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="hash">The key's hash.</param>
    /// <param name="buffer">Where to; replaced by a longer one if need be.</param>
    /// <param name="length">How much of it is in use; grows by the value.</param>
    /// <returns>Whether the value is there.</returns>
    public bool TryAppend(ReadOnlySpan<byte> key, ulong hash, ref byte[] buffer, ref int length) =>
        ShardOf(hash).TryAppend(key, hash, Volatile.Read(ref _emptiedAt), ref buffer, ref length);

    /// <summary>Whether a key has certainly not been written since some moment.</summary>
    /// <param name="hash">The key's hash.</param>
    /// <param name="since">The moment: <see cref="Now"/>.</param>
    public bool IsUnchanged(ulong hash, long since) =>
        Volatile.Read(ref _emptiedAt) <= since && ShardOf(hash).LastWrite(hash) <= since;

    /// <summary>Whether nothing at all has been written since some moment, nor was being written then.</summary>
    /// <param name="since">The moment: <see cref="Now"/>.</param>
    public bool IsAtRest(long since) => Volatile.Read(ref _begun) == since;

    /// <summary>Keeps a row that was read, unless it may have changed meanwhile.</summary>
    /// <param name="key">The key; copied.</param>
    /// <param name="hash">Its hash.</param>
    /// <param name="value">The value; copied.</param>
    /// <param name="readAt">What <see cref="Now"/> was before it was read.</param>
    public void Keep(ReadOnlySpan<byte> key, ulong hash, ReadOnlySpan<byte> value, long readAt)
    {
        if (key.Length + value.Length <= MaxRowBytes && Volatile.Read(ref _emptiedAt) <= readAt)
        {
            ShardOf(hash).Keep(key, hash, value, readAt);
        }
    }

    /// <summary>Takes out what is about to be written. Called by the only thread that writes, before RocksDB is.</summary>
    /// <param name="writes">What is about to be written.</param>
    public void BeginWrite(BatchRepresentation writes)
    {
        long moment = _completed + 1;
        Volatile.Write(ref _begun, moment);
        foreach (BatchRecord record in writes.Records)
        {
            if (record.Tag == BatchRepresentation.RemoveRangeTag)
            {
                // It would take long to look for them.
                Volatile.Write(ref _emptiedAt, moment);
            }
            else
            {
                ulong hash = Hash(record.Key);
                ShardOf(hash).Forget(hash, moment);
            }
        }
    }

    /// <summary>Says that what was begun is visible to all who read from here on, and comes before they are told so. If it failed,
    /// this is not called, and nothing of it is kept any more.</summary>
    public void EndWrite() => Volatile.Write(ref _completed, _begun);

    private RowCacheShard ShardOf(ulong hash) => _shards[_shardShift == 64 ? 0 : hash >> _shardShift];
}
