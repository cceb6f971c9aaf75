using WsStorage.Core.Copies;
using WsStorage.RocksDb.Copies;
using WsStorage.Testing;

namespace WsStorage.RocksDb.Tests;

/// <summary>The contract of copies, kept by those on the disk.</summary>
[TestFixture(Durability.Buffered)]
[TestFixture(Durability.Synced)]
public sealed class RocksDbCopyContract(Durability durability) : CopyContract
{
    private readonly List<TemporaryDirectory> _directories = [];

    [OneTimeTearDown]
    public void DeleteDirectories() => _directories.ForEach(directory => directory.Dispose());

    protected override int RandomCases => durability == Durability.Buffered ? 30 : 5;

    protected override ValueTask<ICopyStore> OpenAsync()
    {
        _directories.Add(new TemporaryDirectory());
        return Open();
    }

    protected override ValueTask<ICopyStore> ReopenAsync(ICopyStore closed) => Open();

    protected override ValueTask CompactAsync(ICopy copy, Revision through) => ((RocksDbCopy)copy).CompactAsync(through);

    private ValueTask<ICopyStore> Open() =>
        ValueTask.FromResult<ICopyStore>(RocksDbCopyStore.Open(_directories[^1].FullPath, new RocksDbOptions { Durability = durability }));
}
