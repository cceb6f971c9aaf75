using System.Runtime.InteropServices;
using WsStorage.Core;
using WsStorage.RocksDb.History;

namespace WsStorage.RocksDb.Tests;

/// <summary>The layout of the commit log, frozen.</summary>
public sealed class LogRecordTests : StoreFixture
{
    /// <summary>The example of docs/log-format.md.</summary>
    private const string GoldenKey = "0000000000000001";

    private const string GoldenValue =
        "01" + "0068e5cf8b010000" + "02000000" + "fe4ad127c57cf2db" + "0000000000000000"
        + "06" + "01" + "0161" + "023132"
        + "07" + "02" + "0161" + "03" + "0162" + "00";

    [Test]
    public async Task The_record_of_a_group_of_two_batches_is_this()
    {
        var options = new RocksDbOptions { TimeProvider = new FixedTime(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000)) };
        await using (RocksDbStorage store = Open(options))
        {
            WriteBatch[] batches =
            [
                Put("a", "12"),
                new WriteBatch().Remove("a").RemoveRange(KeyRange.From(B("b"))),
            ];
            await store.WriteManyAsync(batches, new WriteResult[2]);
        }

        (byte[] key, byte[] value) = StoredLog.ReadRecords(StorePath).Single();
        Assert.That(Convert.ToHexStringLower(key), Is.EqualTo(GoldenKey));
        Assert.That(Convert.ToHexStringLower(value), Is.EqualTo(GoldenValue));
    }

    [Test]
    public void The_hash_in_the_example_is_the_chain_hash()
    {
        byte[] value = Convert.FromHexString(GoldenValue);
        ulong first = ChainHash.Append(ChainHash.Seed, new Revision(1), value.AsSpan(30, 6));
        ulong second = ChainHash.Append(first, new Revision(2), value.AsSpan(37, 7));
        Assert.That(LogRecord.Read(Convert.FromHexString(GoldenKey), value).Hash, Is.EqualTo(second));
    }

    [Test]
    public void A_record_says_what_it_holds()
    {
        LogRecord record = LogRecord.Read(Convert.FromHexString("00000000000000ff"), Convert.FromHexString(GoldenValue));
        Assert.That(record.First, Is.EqualTo(new Revision(255)));
        Assert.That(record.Last, Is.EqualTo(new Revision(256)));
        Assert.That(record.CommitTime, Is.EqualTo(1_700_000_000_000));
        Assert.That(record.ByteCount, Is.EqualTo(8 + 44));
        Assert.That(record.End, Is.EqualTo(52));
    }

    /// <summary>What there is no memory for leaves nothing behind in the record of those before it.</summary>
    [Test]
    public void A_batch_that_does_not_fit_into_a_record_is_not_in_it_at_all()
    {
        var builder = new LogRecordBuilder(hasPrevious: true);
        builder.Append([1, 2], [3]);
        byte[] before = builder.Finish(0, 0, 0).ToArray();
        byte one = 0;
        Assert.Catch(() => builder.Append([4, 5], MemoryMarshal.CreateReadOnlySpan(ref one, int.MaxValue)));
        Assert.That(builder.Finish(0, 0, 0).ToArray(), Is.EqualTo(before));
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
