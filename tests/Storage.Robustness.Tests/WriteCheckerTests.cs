using WsStorage.Core;
using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.History;
using WsStorage.Robustness.Load;
using WsStorage.Robustness.Planted;

namespace WsStorage.Robustness.Tests;

/// <summary>Each checker of writes is seen to fail by a bug that breaks what it checks, and to hold without one.</summary>
public class WriteCheckerTests
{
    private static readonly WriteStamp First = new(Guid.NewGuid(), 1, 0, IsResend: false, IsUnanswered: true);

    private InMemoryStorage _store = null!;
    private WriteLog _log = null!;

    [SetUp]
    public void Create()
    {
        _store = new InMemoryStorage();
        _log = new WriteLog();
    }

    [TearDown]
    public async Task Delete() => await _store.DisposeAsync();

    [Test]
    public async Task What_was_acknowledged_early_and_not_committed_is_lost()
    {
        EarlyAcknowledgement served = await EarlyAcknowledgement.CreateAsync(_store);
        await WriteAsync(served, null);
        Assert.That(await CheckAsync(new NothingAcknowledgedIsLost()), Does.Contain("the store ends at 0"));
    }

    [Test]
    public async Task What_was_acknowledged_at_the_revision_of_another_write_is_lost()
    {
        (WriteId id, WriteBatch batch) = new StormBatches(1, new Random(1)).Next();
        (WriteId other, WriteBatch otherBatch) = new StormBatches(2, new Random(1)).Next();
        await _store.WriteAsync(batch);
        _log.Acknowledge(other, new Revision(1), ChangeDigest.Of(otherBatch));
        Assert.That(await CheckAsync(new NothingAcknowledgedIsLost()), Does.Contain($"the log has {id}"));
    }

    [Test]
    public async Task What_was_acknowledged_and_committed_with_other_content_is_lost()
    {
        (WriteId id, WriteBatch batch) = new StormBatches(1, new Random(1)).Next();
        await _store.WriteAsync(batch);
        _log.Acknowledge(id, new Revision(1), ChangeDigest.Of(batch) + 1);
        Assert.That(await CheckAsync(new NothingAcknowledgedIsLost()), Does.Contain("other changes"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_record_apart_from_its_effect_lets_a_write_be_applied_twice(bool apart)
    {
        // The second decorator is the server that has been started again: its memory is empty.
        await WriteAsync(apart ? new RecordApart(_store) : _store, First);
        await WriteAsync(apart ? new RecordApart(_store) : _store, First with { IsResend = true });
        Assert.That(await CheckAsync(new NothingIsAppliedTwice()), apart ? Does.Contain("again at 2") : Is.Null);
    }

    [Test]
    public async Task A_write_that_failed_as_not_applied_is_not_there()
    {
        (WriteId id, WriteBatch batch) = new StormBatches(1, new Random(1)).Next();
        await _store.WriteAsync(batch);
        _log.Fail(id, new StorageException(StorageErrorCode.Timeout, "too late", WriteOutcome.NotApplied));
        Assert.That(await CheckAsync(new NothingIsAppliedTwice()), Does.Contain("failed as not applied"));
        Assert.That(await CheckAsync(new EveryWriteIsAnswered()), Does.Contain("too late"));
    }

    [Test]
    public async Task A_log_with_a_hole_is_not_the_truth()
    {
        var builder = new TruthBuilder(Guid.Empty, []);
        byte[] operations = new WriteBatch().Put("a", "1").PackedOperations.ToArray();
        builder.Add(WatchEvent.Changes(new Position(builder.Position.Epoch, new Revision(2), 7), default, operations));
        Truth truth = await builder.BuildAsync(_store, builder.Position);
        Assert.That(new TheLogIsTrue().FindCounterexample(truth, _log), Does.Contain("from revision 0 to 2"));
    }

    [Test]
    public async Task A_store_that_holds_something_else_than_its_log_is_found()
    {
        var builder = new TruthBuilder(Guid.Empty, []);
        await _store.PutStringAsync("a", "1");
        Truth truth = await builder.BuildAsync(_store, builder.Position);
        Assert.That(new TheLogIsTrue().FindCounterexample(truth, _log), Does.Contain("no batch of the log"));
    }

    [TestCase(1, 1, 2, "applied twice")]
    [TestCase(1, 2, 3, null)]
    [TestCase(2, 1, 2, "went from 0 to 2")]
    public async Task Counters_that_do_not_add_up_are_found(int firstCount, int secondSequence, int secondCount, string? says)
    {
        var board = new CounterBoard(counters: 1, increments: 2);
        var worker = new CounterWorker(_store, board, worker: 0, seed: 1);
        await worker.RunAsync();
        await using var audited = new InMemoryStorage();
        foreach ((int count, int sequence) in new[] { (firstCount, 1), (secondCount == 3 ? 2 : secondCount, secondSequence) })
        {
            await audited.PutAsync(CounterValue.KeyOf(0), new CounterValue(count, 0, sequence).ToArray());
        }

        IReadOnlyList<Verdict> verdicts = await CounterAudit.RunAsync(audited, board, [worker]);
        string found = string.Join("; ", verdicts.Select(verdict => verdict.Counterexample).OfType<string>());
        Assert.That(found, says is null ? Is.Empty : Does.Contain(says));
    }

    private async Task WriteAsync(IExactlyOnceStorage storage, WriteStamp? stamp)
    {
        (WriteId id, WriteBatch batch) = new StormBatches(1, new Random(1)).Next();
        batch.Stamp = stamp;
        ulong digest = ChangeDigest.Of(batch);
        var results = new WriteResult[1];
        await storage.WriteManyAsync(new[] { batch }, results);
        _log.Acknowledge(id, results[0].EnsureApplied(), digest);
    }

    private async Task<string?> CheckAsync(IWriteGuarantee guarantee) => guarantee.FindCounterexample(await Truth.ReadAsync(_store, []), _log);
}
