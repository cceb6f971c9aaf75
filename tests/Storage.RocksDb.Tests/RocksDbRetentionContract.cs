using WsStorage.Testing;

namespace WsStorage.RocksDb.Tests;

/// <summary>What is promised of history and compaction, kept by the engine.</summary>
[TestFixture]
public sealed class RocksDbRetentionContract : RetentionContract
{
    private readonly List<TemporaryDirectory> _directories = [];

    [OneTimeTearDown]
    public void DeleteDirectories() => _directories.ForEach(directory => directory.Dispose());

    protected override ValueTask<IStorage> OpenAsync(TimeProvider time)
    {
        var directory = new TemporaryDirectory();
        _directories.Add(directory);
        var options = new RocksDbOptions { Durability = Durability.Buffered, TimeProvider = time };
        return ValueTask.FromResult<IStorage>(RocksDbStorage.Open(directory.FullPath, options));
    }

    protected override ValueTask CompactAsync(Revision through, bool ignoreFollowers) =>
        ((RocksDbStorage)Storage).CompactAsync(through, ignoreFollowers);
}
