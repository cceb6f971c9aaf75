using WsStorage.Testing;

namespace WsStorage.RocksDb.Tests;

/// <summary>What is promised of stamped batches, kept by the engine, over restarts too.</summary>
[TestFixture]
public sealed class RocksDbExactlyOnceContract : ExactlyOnceContract
{
    private readonly List<TemporaryDirectory> _directories = [];
    private Func<IExactlyOnceStorage>? _open;

    protected override int RandomCases => 30;

    [OneTimeTearDown]
    public void DeleteDirectories() => _directories.ForEach(directory => directory.Dispose());

    protected override ValueTask<IExactlyOnceStorage> OpenAsync(TimeProvider time, TimeSpan retention)
    {
        var directory = new TemporaryDirectory();
        _directories.Add(directory);
        var options = new RocksDbOptions { Durability = Durability.Buffered, TimeProvider = time, SessionRetention = retention };
        _open = () => RocksDbStorage.Open(directory.FullPath, options);
        return ValueTask.FromResult(_open());
    }

    protected override async ValueTask<IExactlyOnceStorage?> ReopenAsync(IExactlyOnceStorage storage)
    {
        await storage.DisposeAsync();
        return _open!();
    }
}
