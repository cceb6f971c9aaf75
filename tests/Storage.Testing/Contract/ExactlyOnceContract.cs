namespace WsStorage.Testing;

/// <summary>
/// What every <see cref="IExactlyOnceStorage"/> promises of batches with a stamp, as tests. Inherit it and say how the storage
/// is opened.
/// </summary>
public abstract partial class ExactlyOnceContract
{
    private CancellationTokenSource? _deadline;
    private IExactlyOnceStorage? _storage;

    /// <summary>How long a session is remembered.</summary>
    protected static TimeSpan Retention { get; } = TimeSpan.FromHours(1);

    /// <summary>The clock of the storage.</summary>
    protected ManualTimeProvider Time { get; private set; } = new();

    /// <summary>A fresh, empty storage for each test.</summary>
    protected IExactlyOnceStorage Storage => _storage!;

    /// <summary>Passed to every operation, so that one that hangs fails its test.</summary>
    protected CancellationToken Deadline => _deadline!.Token;

    /// <summary>How many random sequences are compared with the model.</summary>
    protected virtual int RandomCases => 100;

    /// <summary>Opens a new, empty storage.</summary>
    /// <param name="time">Its clock.</param>
    /// <param name="retention">How long it remembers a session.</param>
    /// <returns>The storage.</returns>
    protected abstract ValueTask<IExactlyOnceStorage> OpenAsync(TimeProvider time, TimeSpan retention);

    /// <summary>Closes a storage and opens it again, with its content.</summary>
    /// <param name="storage">The storage.</param>
    /// <returns>The storage, opened; <see langword="null"/>, with nothing done, where the content would be gone.</returns>
    protected virtual ValueTask<IExactlyOnceStorage?> ReopenAsync(IExactlyOnceStorage storage) => new((IExactlyOnceStorage?)null);

    [SetUp]
    public async Task OpenStorage()
    {
        _deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        Time = new ManualTimeProvider();
        _storage = await OpenAsync(Time, Retention);
    }

    [TearDown]
    public async Task CloseStorage()
    {
        await Storage.DisposeAsync();
        _deadline!.Dispose();
    }

    private protected static byte[] B(string text) => Bytes.Of(text);

    /// <summary>A stamp that is sent for the first time.</summary>
    private protected static WriteStamp First(Guid session, ulong number, ulong acknowledged = 0) =>
        new(session, number, acknowledged, IsResend: false, IsUnanswered: false);

    /// <summary>A stamp that may have been sent before.</summary>
    private protected static WriteStamp Again(Guid session, ulong number, ulong acknowledged = 0, bool unanswered = false) =>
        new(session, number, acknowledged, IsResend: true, unanswered);

    private protected static WriteBatch Put(WriteStamp stamp, string key, string value) =>
        new WriteBatch { Stamp = stamp }.Put(key, value);

    private protected static WriteBatch Put(WriteStamp stamp) => Put(stamp, $"key {stamp.Number}", "v");

    private protected async Task<WriteResult> WriteAsync(WriteBatch batch) => await Storage.WriteAsync(batch, Deadline);

    private protected async Task<Revision> RevisionAsync() => (await Storage.GetInfoAsync(Deadline)).Revision;

    private protected async Task<WriteResult[]> WriteManyAsync(params WriteBatch[] batches)
    {
        var results = new WriteResult[batches.Length];
        await Storage.WriteManyAsync(batches, results, Deadline);
        return results;
    }

    /// <summary>The batch is refused by both ways of writing, and nothing is changed.</summary>
    private protected async Task AssertNotExecutedAsync(StorageErrorCode code, WriteBatch batch)
    {
        Revision before = await RevisionAsync();
        WriteResult result = (await WriteManyAsync(batch))[0];
        Assert.That(result.Error, Is.EqualTo(code));
        Assert.That(result.Applied, Is.False);
        StorageException exception = (await Assert.ThrowsAsync<StorageException>(() => WriteAsync(batch)))!;
        WriteOutcome outcome = code == StorageErrorCode.OutcomeUnknown ? WriteOutcome.Unknown : WriteOutcome.NotApplied;
        Assert.That((exception.Code, exception.Outcome), Is.EqualTo((code, outcome)), exception.Message);
        Assert.That(await RevisionAsync(), Is.EqualTo(before));
    }
}
