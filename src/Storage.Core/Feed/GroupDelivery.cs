using System.Runtime.InteropServices;

namespace WsStorage.Core.Feed;

/// <summary>
/// Tells watches what they want of a group, each all of it at once: its reader is woken when everything lies ready. Guarded by the
/// <see cref="FeedDispatcher"/>.
/// </summary>
internal sealed class GroupDelivery
{
    private const int FilterCount = 4;

    private readonly List<ChangeBatch> _batches = [];
    private readonly List<Position> _positions = [];
    private readonly List<IndexedRange<FeedWatch>> _found = [];
    private readonly Dictionary<IndexedRange<FeedWatch>, List<int>> _wanted = [];
    private readonly Stack<List<int>> _spare = new();
    private readonly ToldBatch[]?[] _told = new ToldBatch[]?[FilterCount];
    private long _search;

    /// <summary>Tells of the batches that come next.</summary>
    /// <param name="group">The group.</param>
    /// <param name="from">Up to where was told before.</param>
    /// <param name="index">The watches. One that falls behind is taken out.</param>
    /// <param name="now">A timestamp, for progress marks.</param>
    /// <returns>Up to where is told now.</returns>
    public Position Deliver(ChangeGroup group, Position from, RangeIndex<FeedWatch> index, long now)
    {
        Find(group, from.Revision, index);
        if (_batches.Count == 0)
        {
            return from;
        }

        Position reached = new(from.Epoch, _batches[^1].Revision, group.Hash);
        if (_wanted.Count > 0)
        {
            Chain(group, from);
            foreach ((IndexedRange<FeedWatch> range, List<int> wanted) in _wanted)
            {
                Tell(range, wanted, group, now);
                if (range.Items.Count == 0)
                {
                    index.RemoveEmpty(range);
                }

                wanted.Clear();
                _spare.Push(wanted);
            }

            _wanted.Clear();
            _positions.Clear();
        }

        _batches.Clear();
        return reached;
    }

    /// <summary>
    /// A slice keeps its whole group alive while it waits in a queue. Where all is watched, and nothing but operations is in
    /// the group, the slices that wait are together as large as the groups; else one must be a good part of its group.
    /// </summary>
    private static bool MayShare(KeyRange range, ChangeGroup group, in ChangeBatch batch) =>
        (range.Start.IsEmpty && range.End.IsEmpty && !group.HasPrevious) || batch.Operations.Length >= group.Body.Length / 4;

    /// <summary>Finds the batches that come next, and who wants which of them.</summary>
    private void Find(ChangeGroup group, Revision reached, RangeIndex<FeedWatch> index)
    {
        ChangeBatches batches = group.Batches;
        while (batches.MoveNext())
        {
            // A watch that was the first to join may have moved the dispatcher on.
            ChangeBatch batch = batches.Current;
            if (!group.IsNext(batch, reached))
            {
                continue;
            }

            reached = batch.Revision;
            _search++;
            foreach (BatchOperation operation in new BatchOperations(batch.Operations.Span))
            {
                if (operation.Kind == BatchOperationKind.RemoveRange)
                {
                    index.FindMeeting(operation.Key, operation.End, _search, _found);
                }
                else
                {
                    index.FindHolding(operation.Key, _search, _found);
                }
            }

            foreach (IndexedRange<FeedWatch> range in _found)
            {
                ref List<int>? wanted = ref CollectionsMarshal.GetValueRefOrAddDefault(_wanted, range, out _);
                wanted ??= _spare.Count > 0 ? _spare.Pop() : [];
                wanted.Add(_batches.Count);
            }

            _found.Clear();
            _batches.Add(batch);
        }
    }

    private void Chain(ChangeGroup group, Position from)
    {
        _positions.Add(from);
        foreach (ChangeBatch batch in _batches)
        {
            from = group.Move(from, batch);
            _positions.Add(from);
        }
    }

    private void Tell(IndexedRange<FeedWatch> range, List<int> wanted, ChangeGroup group, long now)
    {
        // From the end, since a watch that falls behind is replaced by the last one.
        for (int i = range.Items.Count - 1; i >= 0; i--)
        {
            FeedWatch watch = range.Items[i];
            int filter = (watch.Filter.KeysOnly ? 1 : 0) + (watch.Filter.WantsPrevious ? 2 : 0);
            ToldBatch[] told = _told[filter] ??= Filter(watch.Filter, wanted, group);
            if (told.Length > 0 && !watch.Offer(told, now))
            {
                range.Remove(watch);
                watch.Place = -1;
            }
        }

        Array.Clear(_told);
    }

    /// <summary>What watches with one filter are told: they share it.</summary>
    private ToldBatch[] Filter(ChangeFilter filter, List<int> wanted, ChangeGroup group)
    {
        var told = new List<ToldBatch>(wanted.Count);
        foreach (int number in wanted)
        {
            ChangeBatch batch = _batches[number];
            if (filter.TryApply(batch, MayShare(filter.Range, group, batch), out FilteredBatch filtered))
            {
                told.Add(new ToldBatch(
                    _positions[number],
                    WatchEvent.Changes(_positions[number + 1], group.CommitTime, filtered.Operations, filtered.Previous)));
            }
        }

        return [.. told];
    }
}

/// <summary>What a watch is told of a batch.</summary>
/// <param name="Before">The position before the batch.</param>
/// <param name="Event">The event.</param>
internal readonly record struct ToldBatch(Position Before, WatchEvent Event);
