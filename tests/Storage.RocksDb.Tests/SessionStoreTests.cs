using WsStorage.Core.Sessions;
using WsStorage.RocksDb.History;
using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Opening;
using WsStorage.RocksDb.Sessions;
using WsStorage.Testing;

namespace WsStorage.RocksDb.Tests;

/// <summary>What is on the disk of stamped writes, and for how long.</summary>
public sealed class SessionStoreTests : StoreFixture
{
    /// <summary>The example of docs/log-format.md.</summary>
    private const string GoldenKey = "00112233445566778899aabbccddeeff" + "0000000000000001";

    private const string GoldenValue =
        "01" + "0068e5cf8b010000" + "07" + "06" + "08"
        + "0e" + "2ab96c22487140b2" + "00" + "02"
        + "02" + "737ce28efbe740d3" + "01" + "00";

    private static readonly Guid A = new("00112233-4455-6677-8899-aabbccddeeff");
    private static readonly Guid Other = new("ffffffff-ffff-ffff-ffff-ffffffffffff");

    [Test]
    public async Task The_record_of_a_group_of_two_writes_is_this()
    {
        var time = new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000));
        await using (RocksDbStorage store = OpenBuffered(new() { TimeProvider = time }))
        {
            await store.WriteManyAsync(
                new[] { Stamped(A, 7, 6), new WriteBatch { Stamp = First(A, 8, 6) }.RequireAbsent(B("a")).Put("a", "2") },
                new WriteResult[2]);
        }

        (byte[] key, byte[] value) = StoredSessions.Read(StorePath).Single();
        Assert.That(Convert.ToHexStringLower(key), Is.EqualTo(GoldenKey));
        Assert.That(Convert.ToHexStringLower(value), Is.EqualTo(GoldenValue));
    }

    [Test]
    public void A_record_says_what_it_holds()
    {
        List<SessionWrite> writes = [];
        SessionMark mark = SessionRecord.Read(Convert.FromHexString(GoldenValue), writes);
        Assert.That(mark, Is.EqualTo(new SessionMark(KnownFrom: 7, AcknowledgedThrough: 6, LastNumber: 8, LastUsed: 1_700_000_000_000)));
        WriteBatch[] batches = [Stamped(A, 7), new WriteBatch().RequireAbsent(B("a")).Put("a", "2")];
        Assert.That(writes, Is.EqualTo(new[]
        {
            new SessionWrite(7, BodyHash.Of(batches[0]), WriteResult.AppliedAt(new Revision(1))),
            new SessionWrite(8, BodyHash.Of(batches[1]), WriteResult.RefusedAt(new Revision(1), 0)),
        }));
    }

    [Test]
    public void Every_outcome_and_step_is_read_as_it_was_written()
    {
        SessionWrite[] writes =
        [
            new(ulong.MaxValue, 0, WriteResult.AppliedAt(new Revision(ulong.MaxValue))),
            new(1, ulong.MaxValue, WriteResult.RefusedAt(Revision.None, int.MaxValue - 1)),
            new(1UL << 63, 1, WriteResult.AppliedAt(new Revision(5))),
            new((1UL << 63) - 1, 2, WriteResult.RefusedAt(new Revision(4), 0)),
        ];
        var mark = new SessionMark(ulong.MaxValue, ulong.MaxValue - 1, ulong.MaxValue, long.MaxValue);
        byte[] value = new byte[SessionRecord.MaxHeaderBytes + (writes.Length * SessionRecord.MaxWriteBytes)];
        int length = SessionRecord.WriteHeader(value, mark);
        SessionWrite previous = default;
        foreach (SessionWrite write in writes)
        {
            length += SessionRecord.WriteWrite(value.AsSpan(length), write, previous);
            previous = write;
        }

        List<SessionWrite> read = [];
        Assert.That(SessionRecord.Read(value.AsSpan(0, length), read), Is.EqualTo(mark));
        Assert.That(read, Is.EqualTo(writes));
        for (int cut = 0; cut < length; cut++)
        {
            Assert.That(CutAt(cut), Is.Null.Or.EqualTo(StorageErrorCode.Corrupt), $"cut at {cut}");
        }

        // A record that ends between two writes can't be told from a whole one; everything else is noticed.
        Assert.That(Enumerable.Range(0, length).Count(cut => CutAt(cut) is null), Is.EqualTo(writes.Length - 1));

        StorageErrorCode? CutAt(int cut)
        {
            try
            {
                SessionRecord.Read(value.AsSpan(0, cut), []);
                return null;
            }
            catch (StorageException e)
            {
                return e.Code;
            }
        }
    }

    [Test]
    public async Task A_group_costs_one_record_for_each_session_and_what_is_acknowledged_goes()
    {
        await using (RocksDbStorage store = OpenBuffered())
        {
            for (ulong group = 0; group < 20; group++)
            {
                // The answers of the group before last are known.
                ulong acknowledged = group < 2 ? 0 : (group - 1) * 100;
                WriteBatch[] batches =
                [
                    .. Enumerable.Range(1, 100).Select(i => Stamped(A, (group * 100) + (ulong)i, acknowledged)),
                    .. Enumerable.Range(1, 100).Select(i => Stamped(Other, (group * 100) + (ulong)i)),
                ];
                await store.WriteManyAsync(batches, new WriteResult[batches.Length]);
            }
        }

        ILookup<Guid, ulong> records = StoredSessions.Read(StorePath).Select(row => SessionRecord.ReadKey(row.Key)).ToLookup(key => key.Session, key => key.Sequence);
        Assert.That(records[A], Is.EqualTo(new[] { 19, 20 }));
        Assert.That(records[Other], Is.EqualTo(Enumerable.Range(1, 20)), "what is not acknowledged stays");

        await using (RocksDbStorage store = OpenBuffered())
        {
            await store.WriteAsync(Stamped(A, 2001, 2000));
            await store.WriteAsync(Stamped(Other, 2001, 2000));
            var results = new WriteResult[2];
            await store.WriteManyAsync(new[] { Stamped(A, 2000), Stamped(A, 2001) }, results);
            Assert.That(results[0].Error, Is.EqualTo(StorageErrorCode.OutcomeUnknown));
            Assert.That(results[1].Applied);
        }

        records = StoredSessions.Read(StorePath).Select(row => SessionRecord.ReadKey(row.Key)).ToLookup(key => key.Session, key => key.Sequence);
        Assert.That(records[A], Is.EqualTo(new[] { 21 }));
        Assert.That(records[Other], Is.EqualTo(new[] { 21 }), "and goes after a restart too");
    }

    [Test]
    public async Task Everything_is_known_after_a_restart()
    {
        var results = new WriteResult[200];
        WriteBatch[] batches = [.. Enumerable.Range(0, results.Length).Select(i =>
            i % 3 == 0 ? new WriteBatch { Stamp = First(A, (ulong)(1000 - i)) }.RequirePresent(B("absent")).Put("k", "v") : Stamped(A, (ulong)(1000 - i)))];
        await using (RocksDbStorage store = OpenBuffered())
        {
            await store.WriteManyAsync(batches.AsMemory(0, 100), results);
            await store.WriteManyAsync(batches.AsMemory(100), results.AsMemory(100));
            await store.WriteAsync(Stamped(A, 1001, 850));
        }

        for (int i = 0; i < 2; i++)
        {
            await using RocksDbStorage store = OpenBuffered();
            Assert.That(store.GetLastNumber(A), Is.EqualTo(1001));
            var again = new WriteResult[batches.Length];
            await store.WriteManyAsync(batches, again);
            Assert.That(again.Take(150), Is.EqualTo(results.Take(150)));
            Assert.That(again.Skip(150), Has.All.Property(nameof(WriteResult.Error)).EqualTo(StorageErrorCode.OutcomeUnknown));
        }
    }

    [Test]
    public async Task A_refusal_is_on_the_disk_before_it_is_answered_and_takes_no_place_in_the_log()
    {
        await using (RocksDbStorage store = OpenBuffered())
        {
            WriteResult result = await store.WriteAsync(new WriteBatch { Stamp = First(A, 1) }.RequirePresent(B("k")).Put("k", "v"));
            Assert.That(result.Applied, Is.False);
            await store.CreateCheckpointAsync(Beside("checkpoint"));
            Assert.That(StoredSessions.Read(Beside("checkpoint")), Has.Count.EqualTo(1));
            await store.PutStringAsync("k", "v");
        }

        Assert.That(StoredLog.ReadAndCheck(StorePath), Has.Count.EqualTo(1));
        await using RocksDbStorage again = OpenBuffered();
        Assert.That((await again.WriteAsync(new WriteBatch { Stamp = First(A, 1) }.RequirePresent(B("k")).Put("k", "v"))).Applied, Is.False);
    }

    [Test]
    public async Task Sessions_that_are_not_used_for_long_go_from_the_disk([Values] bool reopen)
    {
        var time = new ManualTimeProvider();
        var options = new RocksDbOptions { TimeProvider = time, SessionRetention = TimeSpan.FromHours(1) };
        RocksDbStorage store = OpenBuffered(options);
        await store.WriteAsync(Stamped(A, 1));
        await store.WriteAsync(Stamped(A, 2));
        time.Advance(TimeSpan.FromHours(2));
        if (reopen)
        {
            await store.DisposeAsync();
            store = OpenBuffered(options);
        }
        else
        {
            await store.PutStringAsync("any", "write");
        }

        Assert.That(store.GetLastNumber(A), Is.Zero);
        await store.DisposeAsync();
        Assert.That(StoredSessions.Read(StorePath), Is.Empty);
    }

    [Test]
    public async Task A_restored_store_knows_no_session_of_the_one_it_was_made_of()
    {
        await using (RocksDbStorage store = Open())
        {
            await store.WriteAsync(Stamped(A, 1));
            await store.CreateCheckpointAsync(Beside("checkpoint"));
        }

        await RocksDbStorage.RestoreAsync(Beside("checkpoint"), Beside("restored"));
        Assert.That(StoredSessions.Read(Beside("restored")), Is.Empty);
        Assert.That(StoredSessions.Read(Beside("checkpoint")), Has.Count.EqualTo(1));
        await using RocksDbStorage restored = RocksDbStorage.Open(Beside("restored"));
        Assert.That(restored.GetLastNumber(A), Is.Zero);
        WriteBatch again = Stamped(A, 1);
        again.Stamp = again.Stamp!.Value with { IsResend = true };
        StorageException e = await FailsAsync(async () => await restored.WriteAsync(again));
        Assert.That((e.Code, e.Outcome), Is.EqualTo((StorageErrorCode.OutcomeUnknown, WriteOutcome.Unknown)));
        Assert.That((await restored.WriteAsync(Stamped(A, 2))).Revision.Value, Is.EqualTo(2));
    }

    [Test]
    public async Task A_store_made_before_there_were_sessions_is_opened()
    {
        MakeWithoutSessions();
        await using (RocksDbStorage reader = Open(new() { ReadOnly = true }))
        {
            Assert.That(reader.GetLastNumber(A), Is.Zero);
            Assert.That((await reader.GetInfoAsync()).Epoch, Is.EqualTo(Other));
        }

        await using RocksDbStorage store = OpenBuffered();
        await store.WriteAsync(Stamped(A, 1));
        Assert.That((await store.GetInfoAsync()).Epoch, Is.EqualTo(Other));
        Assert.That(store.GetLastNumber(A), Is.EqualTo(1));
        await using RocksDbStorage second = Open(new() { ReadOnly = true });
        Assert.That(second.GetLastNumber(A), Is.Zero, "a store that takes no writes has no use for it");
    }

    [Test]
    public async Task Records_that_are_damaged_or_of_a_newer_version_are_refused()
    {
        await Open().DisposeAsync();
        byte[] key = Convert.FromHexString(GoldenKey);
        foreach ((byte[] value, StorageErrorCode code) in new[]
        {
            ([2, .. new byte[40]], StorageErrorCode.UnsupportedVersion),
            ([1, 2, 3], StorageErrorCode.Corrupt),
            (Convert.FromHexString(GoldenValue)[..^1], StorageErrorCode.Corrupt),
        })
        {
            StoredSessions.Write(StorePath, key, value);
            Assert.That(Fails(() => Open()).Code, Is.EqualTo(code));
        }
    }

    private static WriteStamp First(Guid session, ulong number, ulong acknowledged = 0) =>
        new(session, number, acknowledged, IsResend: false, IsUnanswered: false);

    private static WriteBatch Stamped(Guid session, ulong number, ulong acknowledged = 0)
    {
        WriteBatch batch = Put("a", "1");
        batch.Stamp = First(session, number, acknowledged);
        return batch;
    }

    /// <summary>A store as it was before there was a family of sessions.</summary>
    private void MakeWithoutSessions()
    {
        Directory.CreateDirectory(StorePath);
        using OptionsHandle options = OptionsHandle.Parse("create_if_missing=true;");
        nint error = 0;
        var handle = new DatabaseHandle(RocksDbApi.rocksdb_open(options, StorePath, ref error));
        NativeError.ThrowIfSet(error, "open");
        var log = new ColumnFamilyHandle(RocksDbApi.rocksdb_create_column_family(handle, options, DatabaseOpening.LogFamily, ref error), handle);
        var meta = new ColumnFamilyHandle(RocksDbApi.rocksdb_create_column_family(handle, options, DatabaseOpening.MetaFamily, ref error), handle);
        NativeError.ThrowIfSet(error, "create");
        using var database = new Database(handle, log, null, meta, null, []);
        using var writeOptions = new WriteOptionsHandle(sync: true);
        using var batch = new NativeBatch();
        StoreFacts.WriteIdentity(batch, database, Other);
        batch.Write(database, writeOptions);
    }
}
