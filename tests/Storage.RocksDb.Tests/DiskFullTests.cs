using System.Diagnostics;
using System.Runtime.Versioning;
using WsStorage.Core.Copies;
using WsStorage.RocksDb.Copies;
using WsStorage.RocksDb.TestProcess;
using WsStorage.Testing;

namespace WsStorage.RocksDb.Tests;

/// <summary>A disk that is full: nothing that was acknowledged is lost, and the error says what to do.</summary>
[Platform("Linux", Reason = "A small file system is mounted by the tools of Linux.")]
[SupportedOSPlatform("linux")]
public sealed class DiskFullTests : StoreFixture
{
    private string? _mounted;

    [SetUp]
    public void Mount()
    {
        string path = Beside("small");
        Directory.CreateDirectory(path);
        using Process? mount = Process.Start(new ProcessStartInfo("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", path])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        });
        mount?.WaitForExit();
        if (mount?.ExitCode != 0)
        {
            Assert.Ignore("This user may not mount a small file system.");
        }

        _mounted = path;
    }

    [TearDown]
    public void Unmount()
    {
        if (_mounted is not null)
        {
            using Process unmount = Process.Start("umount", [_mounted]);
            unmount.WaitForExit();
        }
    }

    [Test]
    public async Task A_full_disk_is_said_and_damages_nothing(
        [Values(Durability.Synced, Durability.Buffered)] Durability durability,
        [Values] bool largeBuffers)
    {
        string directory = Path.Combine(_mounted!, "store");

        // With small buffers it is mostly a data file that no longer fits, with large ones always the write-ahead log.
        var options = new RocksDbOptions { Durability = durability, WriteBufferBytes = largeBuffers ? 64 << 20 : 1 << 20, Compression = RocksDbCompression.None };
        int acknowledged = 0;
        StorageException? failure = null;
        await using (RocksDbStorage store = RocksDbStorage.Open(directory, options))
        {
            Position start = (await store.GetInfoAsync()).Position;
            await using WatchProbe watch = await WatchProbe.StartAsync(store, new WatchOptions(), CancellationToken.None);
            byte[] value = new byte[20_000];
            while (failure is null)
            {
                try
                {
                    new Random(acknowledged).NextBytes(value);
                    await store.WriteAsync(new WriteBatch().Put(B($"{acknowledged:d6}"), value));
                    acknowledged++;
                }
                catch (StorageException e)
                {
                    failure = e;
                }
            }

            Assert.That((failure.Code, failure.Outcome), Is.EqualTo((StorageErrorCode.DiskFull, WriteOutcome.Unknown)), failure.Message);
            Assert.That((await store.GetInfoAsync()).Revision.Value, Is.EqualTo((ulong)acknowledged));
            Assert.That((await store.GetAsync(B("000000"))).Found);
            Assert.That((await store.GetAsync(B($"{acknowledged:d6}"))).Found, Is.False, "a write that failed is seen");
            foreach (WatchProbe each in (WatchProbe[])[watch, await WatchProbe.StartAsync(store, new WatchOptions { After = start }, CancellationToken.None)])
            {
                // What is committed is told, and what failed is not.
                await each.ReadThroughAsync(new Revision((ulong)acknowledged));
                Assert.That(each.Changes.Count(), Is.EqualTo(acknowledged));
                Assert.That(each.NextAsync().IsCompleted, Is.False);
            }

            StorageException later = await FailsAsync(async () => await store.WriteAsync(Put("later", "v")));
            Assert.That((later.Code, later.Outcome), Is.EqualTo((StorageErrorCode.DiskFull, WriteOutcome.NotApplied)));
            Assert.That(later.Message, Does.Contain("open it again"));
            StorageException checkpoint = await FailsAsync(async () => await store.CreateCheckpointAsync(Beside("checkpoint")));
            Assert.That(checkpoint.Code, Is.EqualTo(StorageErrorCode.DiskFull));
        }

        FillUp();
        foreach (RocksDbOptions opening in new[] { options, new() { ReadOnly = true } })
        {
            StorageException e = Fails(() => RocksDbStorage.Open(directory, opening));
            Assert.That(e.Code, Is.EqualTo(StorageErrorCode.DiskFull));
            Assert.That(e.Message, Does.Contain(directory));
        }

        using (Process remount = Process.Start("mount", ["-o", "remount,size=100m", _mounted!]))
        {
            await remount.WaitForExitAsync();
        }

        await using RocksDbStorage reopened = RocksDbStorage.Open(directory, options);
        string[] keys = [.. (await DumpAsync(reopened, new() { KeysOnly = true })).Select(row => row.TrimEnd('='))];
        Assert.That(keys.Length, Is.InRange(acknowledged, acknowledged + 1));
        Assert.That(keys, Is.EqualTo(Enumerable.Range(0, keys.Length).Select(i => $"{i:d6}")));
        Assert.That((await reopened.GetInfoAsync()).Revision.Value, Is.EqualTo((ulong)keys.Length));
        Assert.That((await reopened.WriteAsync(Put("after", "v"))).Revision.Value, Is.EqualTo((ulong)keys.Length + 1));
    }

    [Test]
    public async Task A_numbered_write_that_failed_is_applied_once_when_it_is_sent_again([Values] bool largeBuffers)
    {
        string directory = Path.Combine(_mounted!, "store");
        var options = new RocksDbOptions { WriteBufferBytes = largeBuffers ? 64 << 20 : 1 << 20, Compression = RocksDbCompression.None };
        var session = new Guid(1, 2, 3, new byte[8]);
        ulong number = 0;
        await using (RocksDbStorage store = RocksDbStorage.Open(directory, options))
        {
            StorageException? failure = null;
            while (failure is null)
            {
                number++;
                try
                {
                    await store.WriteAsync(Numbered(resend: false));
                }
                catch (StorageException e)
                {
                    failure = e;
                }
            }

            Assert.That((failure.Code, failure.Outcome), Is.EqualTo((StorageErrorCode.DiskFull, WriteOutcome.Unknown)), failure.Message);
            StorageException again = await FailsAsync(async () => await store.WriteAsync(Numbered(resend: true)));
            Assert.That((again.Code, again.Outcome), Is.EqualTo((StorageErrorCode.DiskFull, WriteOutcome.Unknown)), "the first sending may have been applied");
            StorageException other = await FailsAsync(async () => await store.WriteManyAsync(new[] { Put("a", "b"), Numbered(resend: true) }, new WriteResult[2]));
            Assert.That(other.Outcome, Is.EqualTo(WriteOutcome.Unknown));
            StorageException keep = await FailsAsync(async () => await store.KeepHistoryAsync("f", Revision.None, TimeSpan.FromHours(1)));
            Assert.That((keep.Code, keep.Outcome), Is.EqualTo((StorageErrorCode.DiskFull, WriteOutcome.NotApplied)));
        }

        using (Process remount = Process.Start("mount", ["-o", "remount,size=100m", _mounted!]))
        {
            await remount.WaitForExitAsync();
        }

        await using RocksDbStorage reopened = RocksDbStorage.Open(directory, options);
        for (int i = 0; i < 2; i++)
        {
            Assert.That(await reopened.WriteAsync(Numbered(resend: true)), Is.EqualTo(WriteResult.AppliedAt(new Revision(number))));
            Assert.That((await reopened.GetInfoAsync()).Revision.Value, Is.EqualTo(number));
        }

        WriteBatch Numbered(bool resend)
        {
            byte[] value = new byte[20_000];
            new Random((int)number).NextBytes(value);
            return new WriteBatch { Stamp = new WriteStamp(session, number, number - 1, resend, IsUnanswered: false) }.Put(B($"{number:d6}"), value);
        }
    }

    [Test]
    public async Task A_copy_that_fills_the_disk_takes_no_more_until_it_is_opened_again([Values] bool follows)
    {
        string directory = Path.Combine(_mounted!, "copies");
        var options = new RocksDbOptions { Durability = Durability.Buffered, WriteBufferBytes = 64 << 20, Compression = RocksDbCompression.None };
        Position start = new(new Guid(1, 2, 3, new byte[8]), new Revision(5), 7);
        int done = 0;
        await using (RocksDbCopyStore store = RocksDbCopyStore.Open(directory, options))
        {
            ICopy copy = await store.BeginAsync([KeyRange.Prefix("k")], start);
            if (follows)
            {
                await copy.LoadAsync(default, new CopyLoad { Start = start, IsComplete = true });
            }

            StorageException? failure = null;
            while (failure is null)
            {
                try
                {
                    await GoOnAsync(copy, done);
                    done++;
                }
                catch (StorageException e)
                {
                    failure = e;
                }
            }

            Assert.That((failure.Code, failure.Outcome), Is.EqualTo((StorageErrorCode.DiskFull, WriteOutcome.Unknown)), failure.Message);
            StorageException later = await FailsAsync(() => GoOnAsync(copy, done));
            Assert.That((later.Code, later.Outcome), Is.EqualTo((StorageErrorCode.DiskFull, WriteOutcome.NotApplied)));
            Assert.That(later.Message, Does.Contain("open it again"));
        }

        using (Process remount = Process.Start("mount", ["-o", "remount,size=100m", _mounted!]))
        {
            await remount.WaitForExitAsync();
        }

        await using RocksDbCopyStore reopened = RocksDbCopyStore.Open(directory, options);
        ICopy next = reopened.Next!;
        int rows = (await DumpAsync(next, new() { KeysOnly = true })).Length;
        Assert.That(rows, Is.InRange(done, done + 1));
        Assert.That(follows ? (long)(next.State.Position.Revision.Value - 5) : next.State.Load!.Rows, Is.EqualTo(rows));
        await GoOnAsync(next, rows);

        async Task GoOnAsync(ICopy copy, int row)
        {
            string value = new((char)('a' + (row % 20)), 20_000);
            string key = $"k{row:d6}";
            if (follows)
            {
                var position = new Position(start.Epoch, new Revision((ulong)row + 6), (ulong)row);
                await copy.ApplyAsync(new[] { new CopiedBatch(position, DateTimeOffset.UnixEpoch, Put(key, value).PackedOperations.ToArray()) });
            }
            else
            {
                await copy.LoadAsync(CopiedSource.Pack([new(key, value)]), copy.State.Load! with { Last = B(key), Rows = row + 1 });
            }
        }
    }

    [Test]
    public async Task A_copy_that_filled_the_disk_is_read_meanwhile_and_opened_again_where_it_is()
    {
        var options = new RocksDbOptions { Durability = Durability.Buffered, WriteBufferBytes = 64 << 20, Compression = RocksDbCompression.None };
        await using RocksDbCopyStore store = RocksDbCopyStore.Open(Path.Combine(_mounted!, "copies"), options);
        Position start = new(new Guid(1, 2, 3, new byte[8]), new Revision(5), 7);
        ICopy copy = await store.BeginAsync([KeyRange.Prefix("k")], start);
        await copy.LoadAsync(default, new CopyLoad { Start = start, IsComplete = true });
        ulong done = 0;
        StorageException? failure = null;
        while (failure is null)
        {
            try
            {
                await GoOnAsync();
                done++;
            }
            catch (StorageException e)
            {
                failure = e;
            }
        }

        Assert.That(copy.HasFailed);
        StorageException refused = await FailsAsync(async () => await copy.ReopenAsync());
        Assert.That(refused.Code, Is.EqualTo(StorageErrorCode.DiskFull));
        Assert.That((await copy.GetAsync(B("k000000"))).Found, "it is still read");
        using (Process remount = Process.Start("mount", ["-o", "remount,size=100m", _mounted!]))
        {
            await remount.WaitForExitAsync();
        }

        await copy.ReopenAsync();
        Assert.That(copy.HasFailed, Is.False);
        Assert.That(copy.State.Position.Revision.Value - 5, Is.InRange(done, done + 1));
        done = copy.State.Position.Revision.Value - 5;
        await GoOnAsync();
        Assert.That(await DumpAsync(copy, new() { KeysOnly = true }), Has.Length.EqualTo((int)done + 1));

        async Task GoOnAsync()
        {
            byte[] operations = new WriteBatch().Put(B($"k{done:d6}"), new byte[20_000]).PackedOperations.ToArray();
            var batch = new CopiedBatch(start with { Revision = new Revision(6 + done) }, DateTimeOffset.UnixEpoch, operations);
            await copy.ApplyAsync(new[] { batch });
        }
    }

    private void FillUp()
    {
        using FileStream filler = File.Create(Path.Combine(_mounted!, "filler"));
        byte[] block = new byte[4096];
        Assert.That(
            () =>
            {
                while (true)
                {
                    filler.Write(block);
                    filler.Flush();
                }
            },
            Throws.InstanceOf<IOException>());
    }

    [Test]
    public async Task A_restore_that_does_not_fit_is_said_and_leaves_nothing_behind()
    {
        await using (RocksDbStorage store = OpenBuffered(new() { Compression = RocksDbCompression.None, CommitLogBytes = 0 }))
        {
            byte[] value = new byte[10_000_000];
            for (int i = 0; i < 3; i++)
            {
                await store.WriteAsync(new WriteBatch().Put(B($"{i}"), value));
            }

            await store.CreateCheckpointAsync(Beside("checkpoint"));
        }

        StorageException e = await FailsAsync(async () => await RocksDbStorage.RestoreAsync(Beside("checkpoint"), Path.Combine(_mounted!, "store")));
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.DiskFull), e.Message);
        Assert.That(Directory.GetFileSystemEntries(_mounted!), Is.Empty);
    }
}
