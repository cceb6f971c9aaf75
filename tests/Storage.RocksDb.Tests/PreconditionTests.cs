using FsCheck;
using FsCheck.Fluent;

namespace WsStorage.RocksDb.Tests;

/// <summary>Preconditions, against the store and against earlier batches of the same group.</summary>
public sealed class PreconditionTests : StoreFixture
{
    [Test]
    public async Task A_refused_batch_changes_nothing_and_says_which_precondition_failed()
    {
        await using RocksDbStorage store = OpenBuffered();
        await store.WriteAsync(Put("a", "1"));
        WriteResult result = await store.WriteAsync(
            Put("b", "2").RequirePresent(B("a")).RequireEqual(B("a"), B("1")).RequireAbsent(B("a")).RequireAbsent(B("c")));
        Assert.That((result.Applied, result.FailedPrecondition, result.Revision.Value), Is.EqualTo((false, 2, 1UL)));
        Assert.That(await DumpAsync(store), Is.EqualTo(new[] { "a=1" }));
        Assert.That((await store.GetInfoAsync()).Revision.Value, Is.EqualTo(1));
    }

    [Test]
    public async Task A_batch_without_operations_only_checks()
    {
        await using RocksDbStorage store = OpenBuffered();
        Assert.That(await store.WriteAsync(new WriteBatch()), Is.EqualTo(WriteResult.AppliedAt(Revision.None)));
        await store.WriteAsync(Put("a", "1"));
        Assert.That(await store.WriteAsync(new WriteBatch().RequirePresent(B("a"))), Is.EqualTo(WriteResult.AppliedAt(new Revision(1))));
        Assert.That(await store.WriteAsync(new WriteBatch().RequireAbsent(B("a"))), Is.EqualTo(WriteResult.RefusedAt(new Revision(1), 0)));
        Assert.That((await store.GetInfoAsync()).Revision.Value, Is.EqualTo(1));
    }

    [Test]
    public async Task A_chain_of_compare_and_sets_in_one_call_sees_itself()
    {
        await using RocksDbStorage store = OpenBuffered();
        WriteBatch[] batches =
        [
            Put("n", "0").RequireAbsent(B("n")),
            .. Enumerable.Range(1, 999).Select(i => Put("n", $"{i}").RequireEqual(B("n"), B($"{i - 1}"))),
        ];
        var results = new WriteResult[batches.Length];
        await store.WriteManyAsync(batches, results);
        Assert.That(results, Is.EqualTo(Enumerable.Range(1, 1000).Select(i => WriteResult.AppliedAt(new Revision((ulong)i)))));
        Assert.That(await store.GetStringAsync("n"), Is.EqualTo("999"));
    }

    [Test]
    public async Task Of_concurrent_compare_and_sets_one_wins_each_round()
    {
        await using RocksDbStorage store = OpenBuffered();
        await store.PutStringAsync("n", "0");
        int[] wins = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            int won = 0;
            while (true)
            {
                int n = int.Parse((await store.GetStringAsync("n"))!, System.Globalization.CultureInfo.InvariantCulture);
                if (n >= 500)
                {
                    return won;
                }

                won += await store.TryReplaceAsync(B("n"), B($"{n}"), B($"{n + 1}")) ? 1 : 0;
            }
        })));
        Assert.That(wins.Sum(), Is.EqualTo(500));
        Assert.That((await store.GetInfoAsync()).Revision.Value, Is.EqualTo(501));
    }

    [Test]
    public void Any_batches_in_any_groups_do_what_a_dictionary_does()
    {
        int run = 0;
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(150).WithEndSize(120),
            Prop.ForAll<int[]>(codes => CompareAsync(Beside($"{run++}"), codes).GetAwaiter().GetResult()));
    }

    /// <summary>Each number is an operation, a precondition, the end of a batch or the end of a call.</summary>
    private static async Task CompareAsync(string directory, int[] codes)
    {
        await using RocksDbStorage store = RocksDbStorage.Open(directory, new() { Durability = Durability.Buffered });
        var model = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var expected = new List<WriteResult>();
        var actual = new List<WriteResult>();
        ulong revision = 0;
        foreach (int[] call in Split(codes, 0))
        {
            WriteBatch[] batches = [.. Split(call, 1).Select(ToBatch)];
            var results = new WriteResult[batches.Length];
            await store.WriteManyAsync(batches, results);
            actual.AddRange(results);
            foreach (WriteBatch batch in batches)
            {
                expected.Add(Apply(model, batch, ref revision));
            }

            Assert.That(actual, Is.EqualTo(expected));
            Assert.That(await DumpAsync(store), Is.EqualTo(model.Select(row => $"{row.Key}={row.Value}")));
        }
    }

    private static IEnumerable<int[]> Split(int[] codes, int separator)
    {
        var part = new List<int>();
        foreach (int code in codes)
        {
            if (Math.Abs((long)code) % 16 == separator)
            {
                yield return [.. part];
                part.Clear();
            }
            else
            {
                part.Add(code);
            }
        }

        yield return [.. part];
    }

    private static WriteBatch ToBatch(int[] codes)
    {
        var batch = new WriteBatch();
        foreach (int code in codes)
        {
            long number = Math.Abs((long)code);
            string key = Key(number / 16);
            string other = Key(number / 80);
            string value = $"v{number / 16 % 3}";
            _ = (number % 16) switch
            {
                2 or 3 or 4 or 5 or 6 => batch.Put(key, value),
                7 or 8 => batch.Remove(key),
                9 => batch.RemoveRange(KeyRange.Between(B(key), B(other))),
                10 => batch.RemoveRange(KeyRange.From(B(key))),
                11 => batch.RequireAbsent(B(key)),
                12 => batch.RequirePresent(B(key)),
                13 => batch.RequireEqual(B(key), B(value)),
                _ => batch,
            };
        }

        return batch;
    }

    private static string Key(long number) => "abcde"[(int)(number % 5)].ToString();

    private static WriteResult Apply(SortedDictionary<string, string> model, WriteBatch batch, ref ulong revision)
    {
        int index = 0;
        foreach (BatchPrecondition precondition in batch.Preconditions)
        {
            bool holds = model.TryGetValue(System.Text.Encoding.UTF8.GetString(precondition.Key), out string? value)
                ? precondition.HoldsFor(B(value))
                : precondition.HoldsForAbsent();
            if (!holds)
            {
                return WriteResult.RefusedAt(new Revision(revision), index);
            }

            index++;
        }

        if (batch.Count > 0)
        {
            revision++;
            ModelOperations.Apply(model, batch.PackedOperations);
        }

        return WriteResult.AppliedAt(new Revision(revision));
    }
}
