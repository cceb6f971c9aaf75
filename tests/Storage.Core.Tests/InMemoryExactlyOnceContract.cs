using WsStorage.Testing;

namespace WsStorage.Core.Tests;

[TestFixture]
public sealed class InMemoryExactlyOnceContract : ExactlyOnceContract
{
    protected override int RandomCases => 1000;

    protected override ValueTask<IExactlyOnceStorage> OpenAsync(TimeProvider time, TimeSpan retention) =>
        ValueTask.FromResult<IExactlyOnceStorage>(
            new InMemoryStorage(new InMemoryStorageOptions { TimeProvider = time, SessionRetention = retention }));
}
