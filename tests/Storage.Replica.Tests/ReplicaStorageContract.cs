using WsStorage.Core;
using WsStorage.Core.Copies;
using WsStorage.Testing;

namespace WsStorage.Replica.Tests;

/// <summary>A replica through which all is written is a storage like any other.</summary>
[TestFixture]
public sealed class ReplicaStorageContract : StorageContract
{
    private readonly Dictionary<IStorage, IAsyncDisposable[]> _behind = [];

    protected override int RandomCases => 50;

    protected override string? Deviation(ContractFeature feature) => feature switch
    {
        ContractFeature.PreviousValues => "what a copy's history holds of previous values is its engine's matter, not the replica's",
        _ => null,
    };

    protected override async ValueTask<IStorage> OpenAsync(StorageLimits limits)
    {
        var source = new InMemoryStorage(new InMemoryStorageOptions { Limits = limits });
        var copies = new InMemoryCopyStore();
        ReplicaStorage replica = ReplicaStorage.Open(source, copies, new ReplicaOptions { Name = "contract" });
        _behind.Add(replica, [copies, source]);
        await replica.WaitUntilLiveAsync(Deadline);
        return replica;
    }

    protected override async ValueTask CloseAsync(IStorage storage)
    {
        await storage.DisposeAsync();
        if (_behind.Remove(storage, out IAsyncDisposable[]? behind))
        {
            foreach (IAsyncDisposable each in behind)
            {
                await each.DisposeAsync();
            }
        }
    }
}
