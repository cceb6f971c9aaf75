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

    [Test]
    public async Task What_is_sent_again_to_a_store_that_was_killed_is_applied_once(
        [Values(Durability.Synced, Durability.Buffered)] Durability durability)
    {
        StampedClient[] clients = [.. Enumerable.Range(0, 4).Select(i => new StampedClient(i))];
        int replayed = 0;
        for (int round = 0; round < 5; round++)
        {
            using ChildProcess child = ChildProcess.Start("stamped", StorePath, durability.ToString());
            ulong opened = ulong.Parse(await child.ReadLineAsync(), CultureInfo.InvariantCulture);
            await child.WriteLinesAsync(clients.SelectMany(client => client.SendAgain()));
            int answers = 200 + (round * 37);
            for (int i = 0; i < answers; i++)
            {
                await child.WriteLinesAsync(clients.SelectMany(client => Enumerable.Range(0, Math.Max(0, 30 - client.Waiting)).Select(_ => client.Send())));
                string[] words = (await child.ReadLineAsync()).Split(' ');
                clients[int.Parse(words[0], CultureInfo.InvariantCulture)].Take(words);
                replayed += words[2] is "applied" && ulong.Parse(words[3], CultureInfo.InvariantCulture) <= opened ? 1 : 0;
            }

            // Answers that were on their way are lost: at least these writes were applied, and are sent again.
            for (int lost = 0; lost < 10; lost++)
            {
                await child.ReadLineAsync();
            }

            await child.KillAsync();
        }

        using (ChildProcess last = ChildProcess.Start("stamped", StorePath, durability.ToString()))
        {
            await last.ReadLineAsync();
            await last.WriteLinesAsync(clients.SelectMany(client => client.SendAgain()));
            while (clients.Sum(client => client.Waiting) > 0)
            {
                string[] words = (await last.ReadLineAsync()).Split(' ');
                clients[int.Parse(words[0], CultureInfo.InvariantCulture)].Take(words);
            }

            await last.EndAsync();
        }

        Assert.That(replayed, Is.Positive, "nothing was applied before a kill and sent again after it");
        Assert.That(clients, Has.All.Property(nameof(StampedClient.Waiting)).Zero);
        string[] expected = [.. clients.Select((client, i) => $"counter {i}={client.Counter}")];
        await using (RocksDbStorage store = OpenBuffered())
        {
            Assert.That(await DumpAsync(store), Is.EqualTo(expected));
        }

        // By the log: each write was applied once, in the order of its numbers.
        List<StoredBatch> batches = StoredLog.ReadAndCheck(StorePath);
        for (int i = 0; i < clients.Length; i++)
        {
            clients[i].CheckRevisions();
            var puts = new List<string>();
            foreach (StoredBatch batch in batches)
            {
                foreach (BatchOperation operation in new BatchOperations(batch.Operations))
                {
                    if (operation.Key.SequenceEqual(B($"counter {i}")))
                    {
                        puts.Add(System.Text.Encoding.UTF8.GetString(operation.Value));
                    }
                }
            }

            Assert.That(puts, Is.EqualTo(clients[i].Applied));
        }
    }
}
