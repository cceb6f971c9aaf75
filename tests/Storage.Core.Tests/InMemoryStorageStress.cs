using WsStorage.Testing;

namespace WsStorage.Core.Tests;

/// <summary>Writers move amounts between accounts; whatever revision a reader meets, the sum is the same.</summary>
[TestFixture]
public sealed class InMemoryStorageStress
{
    private const int Accounts = 3000;
    private const int Opening = 1000;

    [Test]
    public async Task Readers_meet_whole_revisions_while_writers_rebuild_the_tree()
    {
        await using var storage = new InMemoryStorage();
        var opening = new WriteBatch();
        for (int i = 0; i < Accounts; i++)
        {
            opening.Put(Bytes.Numbered("account/", i), BitConverter.GetBytes(Opening));
        }

        await storage.WriteAsync(opening);
        Task[] writers = [.. Enumerable.Range(0, 2).Select(seed => Task.Run(() => TransferAsync(storage, seed, transfers: 10_000)))];
        Task churn = Task.Run(() => ChurnAsync(storage, rounds: 200));
        var done = Task.WhenAll([.. writers, churn]);
        Task[] readers =
        [
            Task.Run(() => ScanUntilAsync(storage, done, reverse: false)),
            Task.Run(() => ScanUntilAsync(storage, done, reverse: true)),
            Task.Run(() => ReadManyUntilAsync(storage, done)),
        ];
        await Task.WhenAll([done, .. readers]);
        Assert.That((await storage.GetInfoAsync()).ApproximateKeys, Is.EqualTo(Accounts));
    }

    private static async Task TransferAsync(InMemoryStorage storage, int seed, int transfers)
    {
        var random = new Random(seed);
        var batch = new WriteBatch();
        for (int done = 0; done < transfers;)
        {
            byte[] from = Bytes.Numbered("account/", random.Next(Accounts));
            byte[] to = Bytes.Numbered("account/", random.Next(Accounts));
            if (from.AsSpan().SequenceEqual(to))
            {
                continue;
            }

            GetManyResult balances = await storage.GetManyAsync([from, to]);
            byte[] fromBalance = balances.Values[0]!;
            byte[] toBalance = balances.Values[1]!;
            batch.Clear()
                .RequireEqual(from, fromBalance)
                .RequireEqual(to, toBalance)
                .Put(from, BitConverter.GetBytes(BitConverter.ToInt32(fromBalance) - 1))
                .Put(to, BitConverter.GetBytes(BitConverter.ToInt32(toBalance) + 1));
            done += (await storage.WriteAsync(batch)).Applied ? 1 : 0;
        }
    }

    /// <summary>Grows and shrinks the tree around the accounts, so that nodes split and merge under the readers.</summary>
    private static async Task ChurnAsync(InMemoryStorage storage, int rounds)
    {
        var batch = new WriteBatch();
        for (int round = 0; round < rounds; round++)
        {
            batch.Clear();
            for (int i = 0; i < 500; i++)
            {
                batch.Put(Bytes.Numbered(i % 2 == 0 ? "A" : "z", i), [1]);
            }

            await storage.WriteAsync(batch);
            await storage.WriteAsync(batch.Clear().RemoveRange(KeyRange.Prefix("A")).RemoveRange(KeyRange.Prefix("z")));
        }
    }

    private static async Task ScanUntilAsync(InMemoryStorage storage, Task done, bool reverse)
    {
        var options = new ScanOptions { Range = KeyRange.Prefix("account/"), Reverse = reverse, PageBytes = 4096 };
        do
        {
            long sum = 0;
            int rows = 0;
            await foreach (Entry row in storage.ScanAsync(options))
            {
                sum += BitConverter.ToInt32(row.Value);
                rows++;
            }

            Assert.That((rows, sum), Is.EqualTo((Accounts, (long)Accounts * Opening)));
            await Task.Yield();
        }
        while (!done.IsCompleted);
    }

    private static async Task ReadManyUntilAsync(InMemoryStorage storage, Task done)
    {
        ReadOnlyMemory<byte>[] all = [.. Enumerable.Range(0, Accounts).Select(i => (ReadOnlyMemory<byte>)Bytes.Numbered("account/", i))];
        do
        {
            var receiver = new RecordingReceiver();
            storage.ReadMany(all, receiver);
            Assert.That(receiver.Values.Sum(value => (long)BitConverter.ToInt32(value!)), Is.EqualTo((long)Accounts * Opening));
            await Task.Yield();
        }
        while (!done.IsCompleted);
    }
}
