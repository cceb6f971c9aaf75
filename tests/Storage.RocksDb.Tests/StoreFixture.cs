using System.Text;

namespace WsStorage.RocksDb.Tests;

/// <summary>Gives each test a directory of its own, and removes it.</summary>
public abstract class StoreFixture
{
    private string _root = "";

    /// <summary>Where the test's store lies; it doesn't exist at first.</summary>
    protected string StorePath => Path.Combine(_root, "store");

    /// <summary>A path beside the store.</summary>
    protected string Beside(string name) => Path.Combine(_root, name);

    [SetUp]
    public void CreateRoot() => _root = Directory.CreateTempSubdirectory("wsstorage-test-").FullName;

    [TearDown]
    public void RemoveRoot() => Directory.Delete(_root, recursive: true);

    /// <summary>Opens the test's store.</summary>
    protected RocksDbStorage Open(RocksDbOptions? options = null) => RocksDbStorage.Open(StorePath, options);

    /// <summary>Opens the test's store without syncs: most tests don't need them.</summary>
    protected RocksDbStorage OpenBuffered(RocksDbOptions? options = null) =>
        Open((options ?? new RocksDbOptions()) with { Durability = Durability.Buffered });

    protected static byte[] B(string text) => Encoding.UTF8.GetBytes(text);

    protected static WriteBatch Put(string key, string value) => new WriteBatch().Put(key, value);

    /// <summary>Every key and value, as texts.</summary>
    protected static async Task<string[]> DumpAsync(IStorage storage, ScanOptions? options = null)
    {
        var rows = new List<string>();
        await foreach (Entry entry in storage.ScanAsync(options ?? new ScanOptions()))
        {
            rows.Add($"{entry.KeyText}={entry.ValueText}");
        }

        return [.. rows];
    }

    /// <summary>What a call failed with.</summary>
    protected static StorageException Fails(Action call) => Assert.Throws<StorageException>(() => call())!;

    /// <summary>What a task failed with.</summary>
    protected static async Task<StorageException> FailsAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (StorageException e)
        {
            return e;
        }

        throw new AssertionException("The call was expected to fail.");
    }
}
