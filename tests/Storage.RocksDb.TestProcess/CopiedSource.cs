using System.Globalization;
using System.Text;
using WsStorage.Core;
using WsStorage.Core.Copies;

namespace WsStorage.RocksDb.TestProcess;

/// <summary>A source whose history is the same in every process: what its revisions did, and what rows they led to.</summary>
public sealed class CopiedSource
{
    private static readonly DateTimeOffset Begin = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000);
    private readonly List<CopiedBatch> _batches = [];
    private readonly List<SortedDictionary<string, string>> _rows = [new(StringComparer.Ordinal)];

    /// <summary>The position before revision 1.</summary>
    public static Position Origin { get; } = new(new Guid("5eedf00d-0000-0000-0000-00000000c0de"), Revision.None, ChainHash.Seed);

    /// <summary>The batch of a revision. Three after each other have the same commit time.</summary>
    public CopiedBatch Batch(ulong revision)
    {
        Grow(revision);
        return _batches[(int)revision - 1];
    }

    /// <summary>The batches after a revision up to another.</summary>
    public CopiedBatch[] Batches(ulong after, ulong through) =>
        [.. Enumerable.Range((int)after + 1, (int)(through - after)).Select(revision => Batch((ulong)revision))];

    /// <summary>The position at a revision.</summary>
    public Position PositionAt(ulong revision) => revision == 0 ? Origin : Batch(revision).Position;

    /// <summary>The rows at a revision.</summary>
    public SortedDictionary<string, string> RowsAt(ulong revision)
    {
        Grow(revision);
        return _rows[(int)revision];
    }

    /// <summary>Packs rows as a page does.</summary>
    public static byte[] Pack(IEnumerable<KeyValuePair<string, string>> rows)
    {
        var packed = new MemoryStream();
        Span<byte> length = stackalloc byte[Varint.MaxLength];
        foreach (string field in rows.SelectMany(row => new[] { row.Key, row.Value }))
        {
            byte[] bytes = Encoding.UTF8.GetBytes(field);
            packed.Write(length[..Varint.Write(length, (ulong)bytes.Length)]);
            packed.Write(bytes);
        }

        return packed.ToArray();
    }

    private void Grow(ulong revision)
    {
        while ((ulong)_batches.Count < revision)
        {
            Position before = _batches.Count == 0 ? Origin : _batches[^1].Position;
            ulong next = before.Revision.Value + 1;
            var rows = new SortedDictionary<string, string>(_rows[^1], StringComparer.Ordinal);
            WriteBatch batch = Write(next, rows);
            byte[] operations = batch.PackedOperations.ToArray();
            ulong hash = ChainHash.Append(before.Hash, new Revision(next), operations);
            _batches.Add(new CopiedBatch(
                new Position(before.Epoch, new Revision(next), hash), Begin.AddMilliseconds(next / 3), operations));
            _rows.Add(rows);
        }
    }

    private static WriteBatch Write(ulong revision, SortedDictionary<string, string> rows)
    {
        string value = revision.ToString(CultureInfo.InvariantCulture);
        var batch = new WriteBatch();
        Put(Key(revision * 7919));
        Put(Key(revision * 31));
        if (revision % 5 == 0)
        {
            string removed = Key(revision * 13);
            batch.Remove(Encoding.UTF8.GetBytes(removed));
            rows.Remove(removed);
        }

        if (revision % 17 == 0)
        {
            string start = Key(revision * 3);
            string end = start + "~";
            batch.RemoveRange(KeyRange.Between(Encoding.UTF8.GetBytes(start[..^1]), Encoding.UTF8.GetBytes(end)));
            foreach (string key in rows.Keys.Where(k => string.CompareOrdinal(k, start[..^1]) >= 0 && string.CompareOrdinal(k, end) < 0).ToArray())
            {
                rows.Remove(key);
            }
        }

        Put("last");
        return batch;

        void Put(string key)
        {
            batch.Put(key, value);
            rows[key] = value;
        }
    }

    private static string Key(ulong number) => string.Create(CultureInfo.InvariantCulture, $"key {number % 200:d3}");
}
