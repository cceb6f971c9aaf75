using WsStorage.Testing;

namespace WsStorage.Core.Tests;

[TestFixture]
public sealed class InMemoryStorageContract : StorageContract
{
    protected override int RandomCases => 500;

    protected override (int Tasks, int Writes) Concurrency => (8, 500);

    protected override ValueTask<IStorage> OpenAsync(StorageLimits limits) =>
        ValueTask.FromResult<IStorage>(new InMemoryStorage(new InMemoryStorageOptions { Limits = limits, KeepPreviousValues = true }));
}
