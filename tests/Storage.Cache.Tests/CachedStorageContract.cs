using WsStorage.Core;
using WsStorage.Testing;

namespace WsStorage.Cache.Tests;

/// <summary>A cache keeps the whole contract for those who use it alone.</summary>
[TestFixture(CacheConsistency.LastSeen)]
[TestFixture(CacheConsistency.Strict)]
public sealed class CachedStorageContract(CacheConsistency consistency) : StorageContract
{
    private readonly Dictionary<IStorage, InMemoryStorage> _sources = [];

    protected override (int Tasks, int Writes) Concurrency => (8, 100);

    protected override ValueTask<IStorage> OpenAsync(StorageLimits limits)
    {
        var source = new InMemoryStorage(new InMemoryStorageOptions { Limits = limits, KeepPreviousValues = true });
        var cache = new CachedStorage(source, new CacheOptions { Consistency = consistency });
        _sources.Add(cache, source);
        return ValueTask.FromResult<IStorage>(cache);
    }

    protected override async ValueTask CloseAsync(IStorage storage)
    {
        await storage.DisposeAsync();
        if (_sources.Remove(storage, out InMemoryStorage? source))
        {
            await source.DisposeAsync();
        }
    }
}
