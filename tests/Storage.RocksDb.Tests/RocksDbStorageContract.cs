using WsStorage.Testing;

namespace WsStorage.RocksDb.Tests;

/// <summary>The contract of every storage, kept by the engine.</summary>
[TestFixture]
public sealed class RocksDbStorageContract : StorageContract
{
    private readonly List<TemporaryDirectory> _directories = [];

    [OneTimeTearDown]
    public void DeleteDirectories() => _directories.ForEach(directory => directory.Dispose());

    protected override ValueTask<IStorage> OpenAsync(StorageLimits limits)
    {
        var directory = new TemporaryDirectory();
        _directories.Add(directory);
        var options = new RocksDbOptions { Limits = limits, Durability = Durability.Buffered, LogPreviousValues = true };
        return ValueTask.FromResult<IStorage>(RocksDbStorage.Open(directory.FullPath, options));
    }
}
