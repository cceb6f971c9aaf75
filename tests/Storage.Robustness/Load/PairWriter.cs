using WsStorage.Robustness.Guarantees;

namespace WsStorage.Robustness.Load;

/// <summary>Writes growing versions to pairs of keys that nobody else writes to.</summary>
/// <param name="storage">Where to.</param>
/// <param name="audit">Told of every acknowledgement.</param>
/// <param name="pairs">The pairs, by their first keys.</param>
/// <param name="random">Decides what is written when.</param>
internal sealed class PairWriter(IStorage storage, CacheAudit audit, IReadOnlyList<int> pairs, Random random)
{
    private const int MostPauseMilliseconds = 20;

    private readonly int[] _versions = new int[pairs.Count];

    /// <summary>How many writes were acknowledged.</summary>
    public int Writes { get; private set; }

    /// <summary>Writes until it is told to stop; what was begun is seen through.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            int place = random.Next(pairs.Count);
            int version = ++_versions[place];
            int first = pairs[place];
            WriteResult result = await storage.WriteAsync(
                new WriteBatch()
                    .Put(CachedValue.KeyOf(first), new CachedValue(first, version).ToArray())
                    .Put(CachedValue.KeyOf(first + 1), new CachedValue(first + 1, version).ToArray()),
                CancellationToken.None);
            audit.Of(first).Acknowledge(result.Revision);
            audit.Of(first + 1).Acknowledge(result.Revision);
            Writes++;
            await Task.Delay(random.Next(MostPauseMilliseconds), CancellationToken.None);
        }
    }
}
