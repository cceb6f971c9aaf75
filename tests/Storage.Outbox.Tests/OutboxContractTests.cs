using NUnit.Framework.Internal;
using WsStorage.Core;
using WsStorage.Testing;

namespace WsStorage.Outbox.Tests;

/// <summary>The contract over an outbox: while all is pending, and while it is delivered.</summary>
/// <param name="isDelivered">Whether the target takes writes.</param>
[TestFixture(false)]
[TestFixture(true)]
public class OutboxContractTests(bool isDelivered) : StorageContract
{
    private const string Decided = "Preconditions are checked at delivery, not when a write is accepted.";
    private const string Watched = "A watch tells what is delivered, records merged and with their marker, and not what is accepted.";
    private const string OfTarget = "The facts are the target's; a write is accepted before it has a revision there.";

    private static readonly string[] Preconditions =
    [
        nameof(A_precondition_decides_on_the_whole_batch), nameof(The_first_failed_precondition_is_named),
        nameof(Preconditions_look_at_the_store_as_it_was_before_the_batch), nameof(Of_many_that_want_a_key_absent_one_wins),
        nameof(Compare_and_set_counts_right), nameof(Random_operations_do_what_the_model_does),
    ];

    private static readonly string[] Revisions =
    [
        nameof(Info_tells_the_revision_and_keeps_the_epoch), nameof(Every_reader_sees_an_acknowledged_write),
        nameof(A_scan_reads_one_revision_whatever_is_written_meanwhile), nameof(Remove_range_removes_exactly_the_keys_in_it),
    ];

    private static readonly string[] OfWatches = ["watch", "_told", "A_position_", "What_was_before"];

    private readonly List<IAsyncDisposable> _stores = [];

    protected override async ValueTask<IStorage> OpenAsync(StorageLimits limits)
    {
        Skip();

        // A record is a value of the local store, and longer than the batch that it holds.
        var local = new InMemoryStorage(new InMemoryStorageOptions { Limits = new StorageLimits(limits.MaxBatchBytes + 100, 4 * limits.MaxBatchBytes) });
        var target = new FaultyStorage(new InMemoryStorage(new InMemoryStorageOptions { Limits = limits }))
        {
            OnWrite = (_, _) => isDelivered ? WriteFault.None : WriteFault.Before,
        };
        _stores.Add(local);
        _stores.Add(target);
        return new WithoutMarkers(await OutboxStorage.OpenAsync(local, target, OutboxFixture.Options, Deadline));
    }

    protected override async ValueTask CloseAsync(IStorage storage)
    {
        await storage.DisposeAsync();
        foreach (IAsyncDisposable store in _stores)
        {
            await store.DisposeAsync();
        }

        _stores.Clear();
    }

    protected override string? Deviation(ContractFeature feature) => feature switch
    {
        ContractFeature.ClosedAfterDispose => null,
        ContractFeature.Limits => "A batch must leave room for the marker, and the target's limits are known once it was reached.",
        ContractFeature.RevisionOfEveryRead => "What is pending has no revision at the target, and a read of nothing else tells none.",
        _ => OfTarget,
    };

    private static void Skip()
    {
        Test test = TestExecutionContext.CurrentContext.CurrentTest;
        string name = test.MethodName ?? test.Name;
        string? reason = Array.IndexOf(Preconditions, name) >= 0 ? Decided
            : Array.IndexOf(Revisions, name) >= 0 ? OfTarget
            : Array.Exists(OfWatches, part => name.Contains(part, StringComparison.OrdinalIgnoreCase)) ? Watched
            : null;
        if (reason is not null)
        {
            Assert.Ignore(reason);
        }
    }
}
