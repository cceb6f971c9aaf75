using System.Collections;
using WsStorage.Robustness.Load;

namespace WsStorage.Robustness.Guarantees;

/// <summary>
/// Goes through the whole log of a store of counters: each increment must follow from the one before it, be there once, and be
/// one that its worker was told of.
/// </summary>
internal sealed class CounterAudit
{
    private readonly long[] _counts;
    private readonly BitArray[] _applied;
    private string? _twice;
    private string? _broken;
    private long _total;

    private CounterAudit(int counters, IReadOnlyList<CounterWorker> workers)
    {
        _counts = new long[counters];
        _applied = [.. workers.Select(worker => new BitArray(worker.Acknowledged + 2))];
    }

    /// <summary>Audits a store that nobody writes to any more.</summary>
    public static async Task<IReadOnlyList<Verdict>> RunAsync(IStorage store, CounterBoard board, IReadOnlyList<CounterWorker> workers)
    {
        var audit = new CounterAudit(board.Acknowledged.Count, workers);
        StorageInfo info = await store.GetInfoAsync();
        await foreach (WatchEvent told in store.WatchAsync(new WatchOptions { After = new Position(info.Epoch, Revision.None, Core.ChainHash.Seed) }))
        {
            foreach (Change change in told)
            {
                audit.Add(change);
            }

            if (told.Revision >= info.Revision)
            {
                break;
            }
        }

        string size = $"{board.Done.Value:n0} increments of {board.Acknowledged.Count} counters by {workers.Count} loops, {board.Retries:n0} retries";
        return
        [
            new Verdict("TheCountersAddUp", size, audit._broken ?? await audit.FindDifferenceAsync(store, board)),
            new Verdict(nameof(NothingAcknowledgedIsLost), size, audit.FindLost(workers)),
            new Verdict(nameof(NothingIsAppliedTwice), size, audit._twice),
            new Verdict(nameof(EveryWriteIsAnswered), size, board.Failure),
        ];
    }

    private void Add(Change change)
    {
        int counter = CounterValue.CounterOf(change.Key.Span);
        CounterValue value = CounterValue.Read(change.Value.Span);
        if (value.Count != ++_counts[counter])
        {
            _broken ??= $"counter {counter} went from {_counts[counter] - 1} to {value.Count}";
        }

        _total++;
        BitArray applied = _applied[value.Worker];
        if (value.Sequence < applied.Length && !applied[value.Sequence])
        {
            applied[value.Sequence] = true;
        }
        else
        {
            _twice ??= $"increment {value.Sequence} of loop {value.Worker} was applied twice";
        }
    }

    private async Task<string?> FindDifferenceAsync(IStorage store, CounterBoard board)
    {
        for (int counter = 0; counter < board.Acknowledged.Count; counter++)
        {
            byte[]? value = (await store.GetAsync(CounterValue.KeyOf(counter))).Value;
            long count = value is null ? 0 : CounterValue.Read(value).Count;
            if (count != board.Acknowledged[counter])
            {
                return $"counter {counter} is {count}, {board.Acknowledged[counter]} increments of it were acknowledged";
            }
        }

        return _total == board.Done.Value ? null : $"the log has {_total} increments, {board.Done.Value} were acknowledged";
    }

    private string? FindLost(IReadOnlyList<CounterWorker> workers)
    {
        for (int worker = 0; worker < workers.Count; worker++)
        {
            for (int sequence = 1; sequence <= workers[worker].Acknowledged; sequence++)
            {
                if (!_applied[worker][sequence])
                {
                    return $"increment {sequence} of loop {worker} was acknowledged and is not in the log";
                }
            }
        }

        return null;
    }
}
