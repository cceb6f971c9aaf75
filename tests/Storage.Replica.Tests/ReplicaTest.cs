using WsStorage.Core;
using WsStorage.Core.Copies;
using WsStorage.Testing;

namespace WsStorage.Replica.Tests;

/// <summary>A source in memory, a store of copies in memory, and replicas between them.</summary>
public abstract class ReplicaTest
{
    private readonly List<IAsyncDisposable> _opened = [];
    private CancellationTokenSource? _deadline;

    private protected CancellationToken Deadline => _deadline!.Token;

    private protected InMemoryStorage Store { get; private set; } = null!;

    private protected FaultySource Source { get; private set; } = null!;

    private protected InMemoryCopyStore Copies { get; private set; } = null!;

    /// <summary>Small pieces, and quick retries.</summary>
    private protected ReplicaOptions Options { get; set; } = null!;

    [SetUp]
    public void OpenSource()
    {
        _deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        Store = new InMemoryStorage();
        Source = new FaultySource(Store);
        Copies = new InMemoryCopyStore();
        Options = new ReplicaOptions
        {
            Name = "test",
            ApplyBytes = 4096,
            RetryBaseDelay = TimeSpan.FromMilliseconds(1),
            RetryMaxDelay = TimeSpan.FromMilliseconds(5),
        };
    }

    [TearDown]
    public async Task CloseAll()
    {
        for (int i = _opened.Count - 1; i >= 0; i--)
        {
            await _opened[i].DisposeAsync();
        }

        _opened.Clear();
        await Copies.DisposeAsync();
        await Source.DisposeAsync();
        await Store.DisposeAsync();
        _deadline!.Dispose();
    }

    private protected static byte[] B(string text) => Bytes.Of(text);

    /// <summary>Opens a replica, which is disposed of after the test.</summary>
    private protected ReplicaStorage Open() => Keep(ReplicaStorage.Open(Source, Copies, Options));

    private protected T Keep<T>(T opened)
        where T : IAsyncDisposable
    {
        _opened.Add(opened);
        return opened;
    }

    private protected async Task<ReplicaStorage> OpenLiveAsync()
    {
        ReplicaStorage replica = Open();
        await replica.WaitUntilLiveAsync(Deadline);
        return replica;
    }

    /// <summary>Fills the source with rows of some hundred bytes.</summary>
    private protected async Task FillAsync(int rows, string prefix = "k")
    {
        for (int i = 0; i < rows; i++)
        {
            await Store.PutAsync(Bytes.Numbered(prefix, i), Bytes.Noise(300, i + 1), Deadline);
        }
    }

    private protected async Task<Position> HeadAsync() => (await Source.Inner.GetInfoAsync(Deadline)).Position;

    private protected async Task<List<string>> RowsAsync(IStorage storage, KeyRange range = default)
    {
        List<string> rows = [];
        await foreach (Entry row in storage.ScanAsync(range, Deadline))
        {
            rows.Add($"{row.KeyText}={XxHash64.Hash(row.Value, 0):x}");
        }

        return rows;
    }

    /// <summary>Waits until a replica has all that its source has, and compares.</summary>
    private protected async Task AssertEqualAsync(ReplicaStorage replica)
    {
        Position head = await HeadAsync();
        await replica.WaitForAsync(head.Revision, Deadline);
        Assert.That((await replica.GetInfoAsync(Deadline)).Position, Is.EqualTo(head));
        Assert.That(await RowsAsync(replica), Is.EqualTo(await RowsAsync(Source.Inner)));
    }

    /// <summary>Waits until the status is as it should be.</summary>
    private protected async Task WaitForStatusAsync(ReplicaStorage replica, Func<ReplicaStatus, bool> isWanted)
    {
        while (!isWanted(replica.Status))
        {
            Task changed = replica.StatusChanged;
            if (!isWanted(replica.Status))
            {
                await changed.WaitAsync(Deadline);
            }
        }
    }

    private protected static async Task<StorageException> AssertFailsAsync(StorageErrorCode code, Func<Task> action)
    {
        StorageException exception = (await Assert.ThrowsAsync<StorageException>(action))!;
        Assert.That(exception.Code, Is.EqualTo(code), exception.Message);
        return exception;
    }
}
