using WsStorage.Testing;

namespace WsStorage.Core.Tests;

[TestFixture]
public sealed class InMemoryRetentionContract : RetentionContract
{
    protected override ValueTask<IStorage> OpenAsync(TimeProvider time) =>
        ValueTask.FromResult<IStorage>(new InMemoryStorage(new InMemoryStorageOptions { TimeProvider = time }));

    protected override ValueTask CompactAsync(Revision through, bool ignoreFollowers) =>
        ((InMemoryStorage)Storage).CompactAsync(through, ignoreFollowers);
}
