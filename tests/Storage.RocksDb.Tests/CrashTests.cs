using System.Globalization;

namespace WsStorage.RocksDb.Tests;

/// <summary>A process that is killed while it writes.</summary>
public sealed class CrashTests : StoreFixture
{
    [Test]
    public async Task What_a_killed_process_had_acknowledged_is_there(
        [Values(Durability.Synced, Durability.Buffered)] Durability durability, [Values(1, 2, 3)] int kills)
    {
        Guid? epoch = null;
        ulong acknowledged = 0;
        for (int i = 0; i < kills; i++)
        {
            using ChildProcess child = ChildProcess.Start("write", StorePath, durability.ToString());
            string last = "";
            for (int line = 0; line < 50; line++)
            {
                last = await child.ReadLineAsync();
            }

            // The last line may have been cut short by the kill.
            string[] rest = (await child.KillAsync()).Split('\n');
            last = rest.Length > 1 ? rest[^2] : last;
            acknowledged = ulong.Parse(last, CultureInfo.InvariantCulture);

            await using RocksDbStorage store = OpenBuffered();
            StorageInfo info = await store.GetInfoAsync();
            Assert.That(info.Revision.Value, Is.GreaterThanOrEqualTo(acknowledged));
            Assert.That(info.Epoch, Is.EqualTo(epoch ??= info.Epoch));
            string[] expected = [.. Enumerable.Range(1, (int)info.Revision.Value).Select(n => $"key {n:d8}=value {n:d8}"), $"last={info.Revision.Value:d8}"];
            Assert.That(await DumpAsync(store), Is.EqualTo(expected));
            await store.DisposeAsync();
            List<StoredBatch> batches = StoredLog.ReadAndCheck(StorePath);
            Assert.That(StoredLog.Replay(batches), Is.EqualTo(expected));
        }
    }
}
