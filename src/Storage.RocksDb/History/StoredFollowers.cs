using System.Buffers.Binary;
using System.Text;
using Microsoft.Extensions.Logging;
using WsStorage.Core.Followers;
using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.History;

/// <summary>
/// The followers that history is kept for, in memory and in the family <c>wsstorage.meta</c>: they survive a restart. Changed
/// by the committing thread.
/// </summary>
/// <remarks>
/// <code>
/// "follower/" name (UTF-8) : u64 revision, i64 expiry (ms since 1970 UTC)
/// </code>
/// </remarks>
/// <param name="database">The database.</param>
/// <param name="logger">Told of followers whose history is gone before their time.</param>
internal sealed class StoredFollowers(Database database, ILogger logger)
{
    private const int ValueBytes = 16;

    /// <summary>The followers.</summary>
    public FollowerTable Table { get; } = new();

    private static ReadOnlySpan<byte> Prefix => "follower/"u8;

    /// <summary>Adds the removal of every follower of a store to a batch.</summary>
    public static void AppendRemovalOfAll(NativeBatch batch, Database database) =>
        batch.RemoveRange(database.Meta!, Prefix, "follower0"u8);

    /// <summary>Loads what was stored.</summary>
    /// <exception cref="StorageException">It could not be read, or is damaged.</exception>
    public void Load()
    {
        using var rows = new RowIterator(database, database.Meta!, new ReadOptionsHandle());
        for (bool any = rows.Seek(Prefix); any && rows.Key.StartsWith(Prefix); any = rows.Move(reverse: false))
        {
            ReadOnlySpan<byte> value = rows.Value;
            if (value.Length != ValueBytes)
            {
                throw new StorageException(
                    StorageErrorCode.Corrupt,
                    $"What is kept for a follower is {value.Length} bytes long where {ValueBytes} belong. Restore the store from a checkpoint.");
            }

            Table.Set(
                Encoding.UTF8.GetString(rows.Key[Prefix.Length..]),
                new Revision(BinaryPrimitives.ReadUInt64LittleEndian(value)),
                BinaryPrimitives.ReadInt64LittleEndian(value[8..]));
        }
    }

    /// <summary>Keeps history for a follower, durably, in the place of what was kept for it before.</summary>
    /// <param name="follower">The follower.</param>
    /// <param name="after">What it has reached.</param>
    /// <param name="expires">Until when, in milliseconds since 1970 UTC.</param>
    /// <param name="compacted">History at or below it is gone.</param>
    /// <param name="now">The time.</param>
    public void Put(string follower, Revision after, long expires, Revision compacted, long now)
    {
        using var options = new WriteOptionsHandle(sync: true);
        using var batch = new NativeBatch();
        IReadOnlyList<IdleFollower> idle = AppendRemovalOfIdle(batch, compacted, now);
        Span<byte> value = stackalloc byte[ValueBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(value, after.Value);
        BinaryPrimitives.WriteInt64LittleEndian(value[8..], expires);
        batch.Put(database.Meta!, ToKey(follower), value);
        batch.Write(database, options);
        Forget(idle, compacted);
        Table.Set(follower, after, expires);
    }

    /// <summary>Keeps nothing more for a follower, durably.</summary>
    /// <param name="follower">The follower; may be unknown.</param>
    public void Remove(string follower)
    {
        using var options = new WriteOptionsHandle(sync: true);
        using var batch = new NativeBatch();
        batch.Remove(database.Meta!, ToKey(follower));
        batch.Write(database, options);
        Table.Remove(follower);
    }

    /// <summary>Removes the followers that hold nothing, durably.</summary>
    /// <param name="compacted">History at or below it is gone.</param>
    /// <param name="now">The time, in milliseconds since 1970 UTC.</param>
    public void RemoveIdle(Revision compacted, long now)
    {
        using var options = new WriteOptionsHandle(sync: true);
        using var batch = new NativeBatch();
        IReadOnlyList<IdleFollower> idle = AppendRemovalOfIdle(batch, compacted, now);
        if (idle.Count > 0)
        {
            batch.Write(database, options);
            Forget(idle, compacted);
        }
    }

    /// <summary>Adds the removal of the followers that hold nothing to a batch; <see cref="Forget"/> them once it is written.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="compacted">History at or below it is gone.</param>
    /// <param name="now">The time, in milliseconds since 1970 UTC.</param>
    /// <returns>The followers.</returns>
    public IReadOnlyList<IdleFollower> AppendRemovalOfIdle(NativeBatch batch, Revision compacted, long now)
    {
        IReadOnlyList<IdleFollower> idle = Table.FindIdle(compacted, now);
        foreach (IdleFollower follower in idle)
        {
            batch.Remove(database.Meta!, ToKey(follower.Name));
        }

        return idle;
    }

    /// <summary>Forgets followers whose removal was written.</summary>
    public void Forget(IReadOnlyList<IdleFollower> idle, Revision compacted)
    {
        foreach (IdleFollower follower in idle)
        {
            Table.Remove(follower.Name);
            if (follower.IsOverrun)
            {
                Log.FollowerOverrun(logger, follower.Name, compacted.Value);
            }
        }
    }

    private static byte[] ToKey(string follower) => [.. Prefix, .. Encoding.UTF8.GetBytes(follower)];
}
