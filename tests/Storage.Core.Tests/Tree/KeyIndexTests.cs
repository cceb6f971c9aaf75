using FsCheck;
using FsCheck.Fluent;
using WsStorage.Core.Tree;
using WsStorage.Testing;

namespace WsStorage.Core.Tests.Tree;

public sealed class KeyIndexTests
{
    [Test]
    public void Random_changes_do_what_a_dictionary_does()
    {
        Arbitrary<(bool IsPut, int Key, int Value)[]> changes = Arb.From(
            (from isPut in Gen.Frequency((3, Gen.Constant(true)), (2, Gen.Constant(false)))
             from key in Gen.Choose(0, 5000)
             from value in Gen.Choose(0, 200)
             select (isPut, key, value)).ListOf().Select(list => list.ToArray()));
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(30).WithEndSize(20_000), Prop.ForAll(changes, all =>
        {
            var index = new KeyIndex();
            Dictionary<int, byte[]> model = [];
            foreach ((bool isPut, int key, int value) in all)
            {
                if (isPut)
                {
                    model[key] = new byte[value];
                    index.Put(Row.Create(Key(key), model[key]));
                }
                else
                {
                    Assert.That(index.Remove(Key(key)), Is.EqualTo(model.Remove(key)));
                }
            }

            CompareAll(index, model, 5001);
        }));
    }

    [Test]
    public void Keys_of_one_hash_and_of_neighbouring_ones_are_told_apart()
    {
        Arbitrary<(bool IsPut, int Key, uint Hash)[]> changes = Arb.From(
            (from isPut in Gen.Frequency((3, Gen.Constant(true)), (2, Gen.Constant(false)))
             from key in Gen.Choose(0, 60)
             select (isPut, key, HashOf(key))).ListOf().Select(list => list.ToArray()));
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(500).WithEndSize(400), Prop.ForAll(changes, all =>
        {
            var part = new KeyIndexPart();
            HashSet<int> model = [];
            foreach ((bool isPut, int key, uint hash) in all)
            {
                if (isPut)
                {
                    part.Put(Row.Create(Key(key), "value"u8), hash);
                    model.Add(key);
                }
                else
                {
                    Assert.That(part.Remove(Key(key), hash), Is.EqualTo(model.Remove(key)));
                }
            }

            for (int key = 0; key <= 60; key++)
            {
                Assert.That(part.Find(Key(key), HashOf(key)).IsAbsent, Is.Not.EqualTo(model.Contains(key)), $"key {key}");
            }
        }));

        // Few hashes, some at the end of the table and some at its beginning, which comes after it.
        static uint HashOf(int key) => (uint)(key % 7) - 3;
    }

    [Test]
    public void An_index_that_was_full_is_empty_again()
    {
        var index = new KeyIndex();
        Dictionary<int, byte[]> model = [];
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < 50_000; i++)
            {
                index.Put(Row.Create(Key(i), "value"u8));
            }

            for (int i = 0; i < 50_000; i++)
            {
                Assert.That(index.Remove(Key(i)), Is.True);
            }

            CompareAll(index, model, 1000);
        }
    }

    [Test]
    public void Clearing_takes_all_out()
    {
        var index = new KeyIndex();
        index.Put(Row.Create(Key(1), "value"u8));
        index.Clear();
        CompareAll(index, [], 10);
        Assert.That(index.Remove(Key(1)), Is.False);
    }

    private static byte[] Key(int number) => Bytes.Numbered("k", number);

    private static void CompareAll(KeyIndex index, Dictionary<int, byte[]> model, int keys)
    {
        ReadOnlyMemory<byte>[] wanted = [.. Enumerable.Range(0, keys).Select(key => (ReadOnlyMemory<byte>)Key(key)), default];
        var rows = new Row[wanted.Length];
        index.Find(wanted, rows);
        Assert.That(rows[^1].IsAbsent, Is.True, "the empty key");
        for (int key = 0; key < keys; key++)
        {
            Row alone = index.Find(Key(key));
            bool isThere = model.TryGetValue(key, out byte[]? value);
            if (rows[key].IsAbsent == isThere || alone.IsAbsent == isThere || (isThere && rows[key].Value.Length != value!.Length))
            {
                Assert.Fail($"key {key}: there {isThere}; found {!rows[key].IsAbsent}, alone {!alone.IsAbsent}");
            }
        }
    }
}
