using System.Diagnostics;
using System.Runtime.Versioning;

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
