using WsStorage.Core;
using WsStorage.RocksDb;
using WsStorage.Testing;

namespace WsStorage.EndToEnd.Tests;

/// <summary>What is promised of hashes of ranges, kept by a client of a served storage.</summary>
public abstract class ClientRangeHashContract : RangeHashContract
{
    private Served? _served;
    private IStorage? _behind;

    protected abstract IStorage OpenBehind();

    protected override async ValueTask<IStorage> OpenAsync()
    {
        _behind = OpenBehind();
        _served = await Served.StartAsync(_behind);
        return _served.CreateClient();
    }

    protected override async ValueTask CloseAsync(IStorage storage)
    {
        await storage.DisposeAsync();
        await _served!.DisposeAsync();
        await _behind!.DisposeAsync();
    }
}

[TestFixture]
public sealed class ClientToMemoryRangeHashContract : ClientRangeHashContract
{
    protected override IStorage OpenBehind() => new InMemoryStorage();
}

[TestFixture]
public sealed class ClientToRocksDbRangeHashContract : ClientRangeHashContract
{
    private readonly List<TemporaryDirectory> _directories = [];

    [OneTimeTearDown]
    public void DeleteDirectories() => _directories.ForEach(directory => directory.Dispose());

    protected override IStorage OpenBehind()
    {
        var directory = new TemporaryDirectory();
        _directories.Add(directory);
        return RocksDbStorage.Open(directory.FullPath, new RocksDbOptions { Durability = Durability.Buffered });
    }
}
