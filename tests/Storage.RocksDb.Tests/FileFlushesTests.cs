using Microsoft.Win32.SafeHandles;
using WsStorage.RocksDb.Receipts;

namespace WsStorage.RocksDb.Tests;

public sealed class FileFlushesTests : StoreFixture
{
    [Test]
    public async Task Files_come_to_the_disk_in_their_order_while_more_are_added()
    {
        List<SafeFileHandle> flushed = [];
        using var gate = new SemaphoreSlim(0);
        using var flushes = new FileFlushes(handle =>
        {
            gate.Wait();
            flushed.Add(handle);
        });
        SafeFileHandle[] handles = [.. Enumerable.Range(0, 3).Select(Open)];
        for (int i = 0; i < 3; i++)
        {
            flushes.Add(i, handles[i]);
        }

        Assert.That((flushes.Count, flushes.IsFirstReady), Is.EqualTo((3, false)));
        gate.Release(3);
        for (int i = 0; i < 3; i++)
        {
            Assert.That(await flushes.TakeFirstAsync(), Is.EqualTo(i));
            Assert.That(handles[i].IsClosed, Is.True);
        }

        Assert.That(flushed, Is.EqualTo(handles));
        Assert.That((flushes.Count, flushes.IsFirstReady), Is.EqualTo((0, false)));
    }

    [Test]
    public async Task What_could_not_be_brought_to_the_disk_is_tried_again()
    {
        int tries = 0;
        using var flushes = new FileFlushes(_ =>
        {
            if (++tries < 3)
            {
                throw new IOException("no room", 28);
            }
        });
        flushes.Add(7, Open(0));
        for (int i = 0; i < 2; i++)
        {
            IOException failed = (await FailsWithAsync(flushes))!;
            Assert.That((failed.Message, failed.HResult, flushes.Count), Is.EqualTo(("no room", 28, 1)));
        }

        Assert.That(await flushes.TakeFirstAsync(), Is.EqualTo(7));
        Assert.That(tries, Is.EqualTo(3));
    }

    [Test]
    public void Disposing_closes_what_waits()
    {
        var flushes = new FileFlushes(RandomAccess.FlushToDisk);
        SafeFileHandle[] handles = [.. Enumerable.Range(0, 3).Select(Open)];
        for (int i = 0; i < 3; i++)
        {
            flushes.Add(i, handles[i]);
        }

        flushes.Dispose();
        Assert.That(handles.Select(handle => handle.IsClosed), Has.All.True);
    }

    private static Task<IOException?> FailsWithAsync(FileFlushes flushes) =>
        Assert.ThrowsAsync<IOException>(flushes.TakeFirstAsync);

    private SafeFileHandle Open(int number) => File.OpenHandle(Beside($"file-{number}"), FileMode.Create, FileAccess.Write);
}
