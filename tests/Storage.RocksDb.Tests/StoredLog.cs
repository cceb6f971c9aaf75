using WsStorage.Core;
using WsStorage.RocksDb.History;
using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Opening;

namespace WsStorage.RocksDb.Tests;

/// <summary>One batch of a commit log.</summary>
internal sealed record StoredBatch(Revision Revision, byte[] Operations);

/// <summary>Reads a closed store's commit log from the disk, by the documented layout and not by the engine's own reader.</summary>
internal static class StoredLog
{
    public static List<(byte[] Key, byte[] Value)> ReadRecords(string directory)
    {
        using Database database = DatabaseOpening.Open(directory, new RocksDbOptions { ReadOnly = true });
        using var rows = new RowIterator(database, database.Log!, new ReadOptionsHandle());
        var records = new List<(byte[], byte[])>();
        for (bool any = rows.Start(reverse: false); any; any = rows.Move(reverse: false))
        {
            records.Add((rows.Key.ToArray(), rows.Value.ToArray()));
        }

        return records;
    }

    /// <summary>Reads all batches, and checks that revisions are dense, and hashes and offsets right.</summary>
    public static List<StoredBatch> ReadAndCheck(string directory)
    {
        var batches = new List<StoredBatch>();
        ulong? hash = null;
        ulong? offset = null;
        foreach ((byte[] key, byte[] value) in ReadRecords(directory))
        {
            LogRecord record = LogRecord.Read(key, value);
            if (batches.Count > 0)
            {
                Assert.That(record.First, Is.EqualTo(batches[^1].Revision.Next), "a gap between records");
            }

            Assert.That(record.Offset, Is.EqualTo(offset ?? record.Offset), "an offset that is not where the record before ended");
            offset = record.End;
            hash ??= record.First.Value == 1 ? ChainHash.Seed : null;
            ReadOnlySpan<byte> rest = value.AsSpan(29);
            Revision revision = record.First;
            while (!rest.IsEmpty)
            {
                Assert.That(Varint.TryRead(rest, out ulong length, out int used));
                byte[] operations = rest.Slice(used, (int)length).ToArray();
                rest = rest[(used + (int)length)..];
                batches.Add(new(revision, operations));
                hash = hash is { } before ? ChainHash.Append(before, revision, operations) : null;
                revision = revision.Next;
            }

            Assert.That(record.Last.Next, Is.EqualTo(revision), "a count that is not that of the batches");
            Assert.That(record.Hash, Is.EqualTo(hash ?? record.Hash), "a hash that is not that of the batches");
            hash = record.Hash;
        }

        return batches;
    }

    /// <summary>Makes the data that a log leads to.</summary>
    public static string[] Replay(IEnumerable<StoredBatch> batches)
    {
        var data = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (StoredBatch batch in batches)
        {
            ModelOperations.Apply(data, batch.Operations);
        }

        return [.. data.Select(row => $"{row.Key}={row.Value}")];
    }
}
