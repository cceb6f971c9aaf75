using WsStorage.Cache;
using WsStorage.Robustness.Guarantees;

namespace WsStorage.Robustness.Load;

/// <summary>Reads through a cache, mostly one key at a time, sometimes pairs, now and then strictly.</summary>
/// <param name="cache">The cache, shared with other readers.</param>
/// <param name="audit">Told of every read.</param>
/// <param name="reads">Counts the reads of all readers.</param>
/// <param name="keys">How many keys there are.</param>
/// <param name="random">Decides what is read.</param>
internal sealed class CacheReader(CachedStorage cache, CacheAudit audit, Milestone reads, int keys, Random random)
{
    private const int ReadsPerTurn = 100;
    private const int PairsAtOnce = 4;

    private readonly byte[][] _keys = [.. Enumerable.Range(0, keys).Select(CachedValue.KeyOf)];

    /// <summary>Reads until all readers together have read enough.</summary>
    public async Task RunAsync(long count)
    {
        while (reads.Value < count)
        {
            for (int i = 0; i < ReadsPerTurn; i++)
            {
                IStorage from = random.Next(500) == 0 ? cache.Strict : cache;
                if (random.Next(50) == 0)
                {
                    await ReadPairsAsync(from);
                }
                else
                {
                    await ReadAsync(from, Draw());
                }
            }

            reads.Add(ReadsPerTurn);

            // What is answered from memory never gives its thread away.
            await Task.Yield();
        }
    }

    /// <summary>Low numbers more often.</summary>
    private int Draw() => Math.Min(random.Next(keys), random.Next(keys));

    private async ValueTask ReadAsync(IStorage from, int key)
    {
        ulong seen = cache.LastSeen.Value;
        (int, int) begun = audit.Of(key).Begin();
        GetResult result = await from.GetAsync(_keys[key]);
        audit.OnRead(key, CachedValue.Read(result.Value, key), seen, result.Revision, begun);
    }

    private async Task ReadPairsAsync(IStorage from)
    {
        int[] numbers = [.. Enumerable.Range(0, PairsAtOnce).Select(_ => Draw() & ~1).SelectMany(first => new[] { first, first + 1 })];
        ulong seen = cache.LastSeen.Value;
        (int, int)[] begun = Array.ConvertAll(numbers, number => audit.Of(number).Begin());
        GetManyResult result = await from.GetManyAsync(Array.ConvertAll(numbers, number => new ReadOnlyMemory<byte>(_keys[number])));
        CachedValue[] found = [.. result.Values.Select((value, place) => CachedValue.Read(value, numbers[place]))];
        for (int i = 0; i < numbers.Length; i++)
        {
            audit.OnRead(numbers[i], found[i], seen, result.Revision, begun[i]);
            if (i % 2 == 1)
            {
                audit.OnPair(found[i - 1], found[i]);
            }
        }
    }
}
