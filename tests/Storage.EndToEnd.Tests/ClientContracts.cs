using WsStorage.Core;
using WsStorage.RocksDb;
using WsStorage.Testing;
using WsStorage.WsClient;

namespace WsStorage.EndToEnd.Tests;

/// <summary>The contract of every storage, kept by a client of a served one.</summary>
public abstract class ClientContract : StorageContract
{
    private readonly Dictionary<IStorage, (Served Served, IStorage Behind)> _open = [];

    protected override int RandomCases => 40;

    protected abstract IStorage OpenBehind(StorageLimits limits);

    protected override async ValueTask<IStorage> OpenAsync(StorageLimits limits)
    {
        IStorage behind = OpenBehind(limits);
        Served served = await Served.StartAsync(behind);
        WsStorageClient client = await WsStorageClient.ConnectAsync(served.ClientOptions());
        _open.Add(client, (served, behind));
        return client;
    }

    protected override async ValueTask CloseAsync(IStorage storage)
    {
        await storage.DisposeAsync();
        if (_open.Remove(storage, out (Served Served, IStorage Behind) open))
        {
            await open.Served.DisposeAsync();
            await open.Behind.DisposeAsync();
        }
    }
}

[TestFixture]
public sealed class ClientToMemoryContract : ClientContract
{
    protected override IStorage OpenBehind(StorageLimits limits) => new InMemoryStorage(new InMemoryStorageOptions { Limits = limits, KeepPreviousValues = true });
}

[TestFixture]
public sealed class ClientToRocksDbContract : ClientContract
{
    private readonly List<TemporaryDirectory> _directories = [];

    protected override int RandomCases => 15;

    [OneTimeTearDown]
    public void DeleteDirectories() => _directories.ForEach(directory => directory.Dispose());

    protected override IStorage OpenBehind(StorageLimits limits)
    {
        var directory = new TemporaryDirectory();
        _directories.Add(directory);
        return RocksDbStorage.Open(directory.FullPath, new RocksDbOptions { Limits = limits, Durability = Durability.Buffered, LogPreviousValues = true });
    }
}
