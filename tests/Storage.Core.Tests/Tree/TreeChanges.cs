using FsCheck;
using FsCheck.Fluent;
using WsStorage.Core.Tree;
using WsStorage.Testing;

namespace WsStorage.Core.Tests.Tree;

/// <summary>What a random change does to a run of numbered keys.</summary>
public enum TreeChangeKind
{
    PutUp,
    PutDown,
    PutShuffled,
    RemoveEach,
    RemoveRange,
    Pin,
}

/// <summary>One change: enough rows at a time for trees of several levels.</summary>
public sealed record TreeChange(TreeChangeKind Kind, int Start, int Count, int Shape)
{
    public static Arbitrary<TreeChange[]> Sequences { get; } = Arb.From(
        (from kind in Gen.Elements(Enum.GetValues<TreeChangeKind>())
         from start in Gen.Choose(0, 30_000)
         from count in Gen.Frequency((1, Gen.Choose(1, 20)), (2, Gen.Choose(100, 8000)))
         from shape in Gen.Choose(0, 2)
         select new TreeChange(kind, start, count, shape)).ListOf().Select(changes => changes.ToArray()),
        Shrink);

    internal void ApplyTo(SortedTree tree, SortedDictionary<byte[], byte[]> model)
    {
        IEnumerable<int> numbers = Enumerable.Range(Start, Count);
        switch (Kind)
        {
            case TreeChangeKind.PutUp:
                Put(numbers);
                break;
            case TreeChangeKind.PutDown:
                Put(numbers.Reverse());
                break;
            case TreeChangeKind.PutShuffled:
                int[] shuffled = [.. numbers];
                new Random(Start).Shuffle(shuffled);
                Put(shuffled);
                break;
            case TreeChangeKind.RemoveEach:
                foreach (byte[] key in numbers.Select(Key))
                {
                    tree.Remove(key);
                    model.Remove(key);
                }

                break;
            case TreeChangeKind.RemoveRange:
                byte[] start = Key(Start);
                byte[] end = Count % 10 == 0 ? [] : Key(Start + Count);
                tree.RemoveRange(start, end);
                foreach (byte[] key in model.Keys.Where(key => Bytes.Order.Compare(key, start) >= 0 && (end.Length == 0 || Bytes.Order.Compare(key, end) < 0)).ToList())
                {
                    model.Remove(key);
                }

                break;
            default:
                break;
        }

        void Put(IEnumerable<int> all)
        {
            foreach (int number in all)
            {
                byte[] key = Key(number);
                byte[] value = new byte[(number + Count) % 8];
                tree.Put(Row.Create(key, value));
                model[key] = value;
            }
        }
    }

    private static IEnumerable<TreeChange[]> Shrink(TreeChange[] changes)
    {
        for (int i = 0; i < changes.Length; i++)
        {
            yield return [.. changes[..i], .. changes[(i + 1)..]];
            if (changes[i].Count > 1)
            {
                yield return [.. changes[..i], changes[i] with { Count = changes[i].Count / 2 }, .. changes[(i + 1)..]];
            }
        }
    }

    /// <summary>Short keys, keys with a long common beginning, and keys of which one begins another.</summary>
    private byte[] Key(int number) => Shape switch
    {
        0 => [(byte)(number >> 16), (byte)(number >> 8), (byte)number],
        1 => Bytes.Numbered("a long common beginning of many keys/", number),
        _ => [.. Enumerable.Repeat((byte)0, number % 100), (byte)(number / 100 % 256), (byte)(number / 25_600)],
    };
}
