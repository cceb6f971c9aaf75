namespace WsStorage.Testing;

/// <summary>
/// What every <see cref="IStorage"/> promises, as tests. Inherit it and say how the storage is opened; a storage that
/// deviates says so, with the reason, in <see cref="Deviation"/>, and the tests concerned are skipped with it.
/// </summary>
public abstract partial class StorageContract
{
    private CancellationTokenSource? _deadline;
    private IStorage? _storage;

    /// <summary>A fresh, empty storage for each test.</summary>
    protected IStorage Storage => _storage!;

    /// <summary>Passed to every operation, so that one that hangs fails its test instead of stopping the run.</summary>
    protected CancellationToken Deadline => _deadline!.Token;

    /// <summary>How long one test may take.</summary>
    protected virtual TimeSpan Patience => TimeSpan.FromSeconds(60);

    /// <summary>The limits that the storage is opened with.</summary>
    protected virtual StorageLimits Limits { get; } = new(MaxValueBytes: 256 * 1024, MaxBatchBytes: 1024 * 1024);

    /// <summary>How many random sequences of operations are compared with the model.</summary>
    protected virtual int RandomCases => 100;

    /// <summary>Scales tests of many operations: how many tasks write at once, each how often.</summary>
    protected virtual (int Tasks, int Writes) Concurrency => (8, 50);

    /// <summary>Opens a new, empty storage.</summary>
    /// <param name="limits">What it takes at the most.</param>
    /// <returns>The storage; <see cref="CloseAsync"/> gets it back.</returns>
    protected abstract ValueTask<IStorage> OpenAsync(StorageLimits limits);

    /// <summary>Disposes of a storage and whatever was opened for it.</summary>
    /// <param name="storage">What <see cref="OpenAsync"/> gave; may have been disposed of by the test.</param>
    /// <returns>Completes when all is closed.</returns>
    protected virtual ValueTask CloseAsync(IStorage storage) => storage.DisposeAsync();

    /// <summary>Why the storage does not keep a part of the contract.</summary>
    /// <param name="feature">The part.</param>
    /// <returns>The reason, or <see langword="null"/> when it does keep it.</returns>
    protected virtual string? Deviation(ContractFeature feature) => null;

    /// <summary>Opens the storage.</summary>
    /// <returns>Completes when it is open.</returns>
    [SetUp]
    public async Task OpenStorage()
    {
        _deadline = new CancellationTokenSource(Patience);
        _storage = await OpenAsync(Limits);
    }

    /// <summary>Closes the storage.</summary>
    /// <returns>Completes when it is closed.</returns>
    [TearDown]
    public async Task CloseStorage()
    {
        if (_storage is not null)
        {
            await CloseAsync(_storage);
            _storage = null;
        }

        _deadline?.Dispose();
    }

    /// <summary>Skips the test, with the reason, where the storage deviates.</summary>
    /// <param name="feature">What the test needs.</param>
    protected void Requires(ContractFeature feature)
    {
        if (Deviation(feature) is { } reason)
        {
            Assert.Ignore(reason);
        }
    }

    private protected static byte[] B(string text) => Bytes.Of(text);

    private protected async Task<Revision> PutAsync(string key, string value) =>
        await Storage.PutAsync(B(key), B(value), Deadline);

    private protected async Task<string?> GetAsync(string key) => await Storage.GetStringAsync(key, Deadline);

    private protected async Task<WriteResult> WriteAsync(WriteBatch batch) => await Storage.WriteAsync(batch, Deadline);

    private protected async Task<Revision> RevisionAsync() => (await Storage.GetInfoAsync(Deadline)).Revision;

    private protected Task<List<Entry>> ScanAsync(KeyRange range) => ScanAsync(new ScanOptions { Range = range });

    private protected async Task<List<Entry>> ScanAsync(ScanOptions options)
    {
        List<Entry> rows = [];
        await foreach (Entry row in Storage.ScanAsync(options, Deadline))
        {
            rows.Add(row);
        }

        return rows;
    }

    /// <summary>All rows as "key=value" texts.</summary>
    private protected async Task<List<string>> RowsAsync() =>
        (await ScanAsync(KeyRange.All)).ConvertAll(row => $"{row.KeyText}={row.ValueText}");

    private protected async Task PutNumberedAsync(string prefix, int count, string value)
    {
        var batch = new WriteBatch();
        for (int i = 0; i < count; i++)
        {
            batch.Put(Bytes.Numbered(prefix, i), B(value));
        }

        await WriteAsync(batch);
    }

    private protected static async Task<StorageException> AssertRefusedAsync(StorageErrorCode code, Func<Task> action)
    {
        StorageException exception = (await Assert.ThrowsAsync<StorageException>(action))!;
        Assert.That(exception.Code, Is.EqualTo(code), exception.Message);
        Assert.That(exception.Outcome, Is.EqualTo(WriteOutcome.NotApplied));
        Assert.That(exception.Message, Is.Not.Empty);
        return exception;
    }

    private protected static Task AssertCancelledAsync(Func<Task> action) =>
        Assert.ThatAsync(action, Throws.InstanceOf<OperationCanceledException>());
}
