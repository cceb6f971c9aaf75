using WsStorage.Core.Copies;
using WsStorage.Testing;

namespace WsStorage.Core.Tests.Copies;

[TestFixture]
public sealed class InMemoryCopyContract : CopyContract
{
    protected override int RandomCases => 500;

    protected override string Forgets => "What is in memory is gone when it is closed.";

    protected override ValueTask<ICopyStore> OpenAsync() => ValueTask.FromResult<ICopyStore>(new InMemoryCopyStore());

    protected override ValueTask<ICopyStore> ReopenAsync(ICopyStore closed) => OpenAsync();

    protected override ValueTask CompactAsync(ICopy copy, Revision through) => ((InMemoryCopy)copy).CompactAsync(through);
}
