using WsStorage.RocksDb.History;
using WsStorage.Testing;

namespace WsStorage.RocksDb.Tests;

/// <summary>What a key held before its change, as the log keeps it.</summary>
public sealed class PreviousValueTests : StoreFixture
{
    private static readonly RocksDbOptions Keeping = new() { LogPreviousValues = true };

    private CancellationTokenSource _deadline = null!;

    [SetUp]
    public void SetDeadline() => _deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));

    [TearDown]
    public void DisposeDeadline() => _deadline.Dispose();

    [Test]
    public async Task A_batch_sees_what_those_before_it_in_the_group_have_written()
    {
        await using RocksDbStorage store = OpenBuffered(Keeping);
        await store.WriteAsync(Put("stored", "s").Put("removed", "r"));
        Position start = (await store.GetInfoAsync()).Position;
        WriteBatch[] group =
        [
            Put("a", "1").Put("stored", "t"),
            new WriteBatch().RequireEqual(B("a"), B("other")).Put("a", "refused"),
            Put("a", "2").Remove("stored"),
            new WriteBatch().RemoveRange(KeyRange.From(B("r"))).Put("removed", "new").Put("stored", "u"),
            new WriteBatch().Remove("a").Remove("a"),
        ];
        await store.WriteManyAsync(group, new WriteResult[group.Length]);
        Assert.That(await ToldAsync(store, start, batches: 4), Is.EqualTo([
            "2: put \"a\"=\"1\" (was absent), put \"stored\"=\"t\" (was \"s\")",
            "3: put \"a\"=\"2\" (was \"1\"), remove \"stored\" (was \"t\")",
            "4: remove [\"r\", end), put \"removed\"=\"new\" (was absent), put \"stored\"=\"u\" (was absent)",
            "5: remove \"a\" (was \"2\"), remove \"a\" (was absent)",
        ]));
    }

    [Test]
    public async Task History_from_before_and_after_the_option_is_read_as_it_is()
    {
        Position start;
        await using (RocksDbStorage store = OpenBuffered())
        {
            start = (await store.GetInfoAsync()).Position;
            await store.PutStringAsync("a", "1");
        }

        foreach (bool keep in (bool[])[true, false])
        {
            await using RocksDbStorage store = OpenBuffered(keep ? Keeping : null);
            await store.PutStringAsync("a", "2");
            await store.WriteAsync(new WriteBatch().RemoveRange(KeyRange.Prefix("a")));
        }

        Assert.That(StoredLog.ReadRecords(StorePath).Select(record => record.Value[0]), Is.EqualTo((byte[])[1, 2, 2, 1, 1]));
        await using RocksDbStorage again = OpenBuffered();
        Assert.That(await ToldAsync(again, start, batches: 5), Is.EqualTo([
            "1: put \"a\"=\"1\"",
            "2: put \"a\"=\"2\" (was \"1\")",
            "3: remove [\"a\", \"b\")",
            "4: put \"a\"=\"2\"",
            "5: remove [\"a\", \"b\")",
        ]));
    }

    [Test]
    public async Task The_hash_does_not_depend_on_previous_values()
    {
        await using RocksDbStorage store = OpenBuffered(Keeping);
        await using RocksDbStorage other = RocksDbStorage.Open(Beside("other"));
        foreach (RocksDbStorage each in (RocksDbStorage[])[store, other])
        {
            await each.PutStringAsync("a", "1");
            await each.PutStringAsync("a", "2");
        }

        Assert.That((await store.GetInfoAsync()).Position.Hash, Is.EqualTo((await other.GetInfoAsync()).Position.Hash));
    }

    /// <summary>Removals are small; what they remove is not.</summary>
    [Test]
    public async Task A_group_is_bounded_by_what_was_before_too()
    {
        await using (RocksDbStorage store = OpenBuffered(Keeping))
        {
            for (int i = 0; i < 16; i++)
            {
                await store.PutAsync(B($"{i}"), new byte[512 * 1024]);
            }

            WriteBatch[] removals = [.. Enumerable.Range(0, 16).Select(i => new WriteBatch().Remove($"{i}"))];
            await store.WriteManyAsync(removals, new WriteResult[removals.Length]);
        }

        Assert.That(StoredLog.ReadRecords(StorePath).Max(record => record.Value.Length), Is.LessThan(2 << 20));
    }

    /// <summary>The second example of docs/log-format.md.</summary>
    [Test]
    public async Task The_record_with_previous_values_is_this()
    {
        var time = new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000));
        await using (RocksDbStorage store = Open(Keeping with { TimeProvider = time }))
        {
            WriteBatch[] batches = [Put("a", "12"), new WriteBatch().Remove("a").RemoveRange(KeyRange.From(B("b")))];
            await store.WriteManyAsync(batches, new WriteResult[2]);
        }

        (byte[] key, byte[] value) = StoredLog.ReadRecords(StorePath).Single();
        Assert.That(Convert.ToHexStringLower(key), Is.EqualTo("0000000000000001"));
        Assert.That(Convert.ToHexStringLower(value), Is.EqualTo(
            "02" + "0068e5cf8b010000" + "02000000" + "fe4ad127c57cf2db" + "0000000000000000"
            + "06" + "01" + "0161" + "023132" + "01" + "01"
            + "07" + "02" + "0161" + "03" + "0162" + "00" + "05" + "02" + "023132" + "00"));
        Assert.That(LogRecord.Read(key, value).HasPrevious, Is.True);
    }

    private async Task<List<string>> ToldAsync(RocksDbStorage store, Position start, int batches)
    {
        await using WatchProbe watch = await WatchProbe.StartAsync(
            store, new WatchOptions { After = start, PreviousValues = true }, _deadline.Token);
        List<string> told = [];
        for (int i = 0; i < batches; i++)
        {
            told.Add($"{await watch.NextChangesAsync()}");
        }

        return told;
    }
}
