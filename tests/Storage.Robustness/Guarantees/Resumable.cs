using WsStorage.Robustness.History;

namespace WsStorage.Robustness.Guarantees;

/// <summary>
/// A watch goes on from a position, across lost connections, restarts of the server and restarts of the watcher: it begins
/// where it was told to, goes on with the very next revision of its range, is never refused, and every position that it tells
/// is one of the store's history, by its hash.
/// </summary>
internal sealed class Resumable : IWatchGuarantee
{
    public string? FindCounterexample(Truth truth, WatchRecord record)
    {
        if (record.End is not null)
        {
            return record.End;
        }

        foreach (RecordedEvent each in record.Events)
        {
            if (!truth.Knows(each.Revision, each.PositionHash))
            {
                return $"the position of revision {each.Revision} is not one of the store's history";
            }
        }

        foreach (RecordedMark each in record.Marks)
        {
            if (!truth.Knows(each.Revision, each.PositionHash))
            {
                return $"the position in the mark of revision {each.Revision} is not one of the store's history";
            }
        }

        return record.Segments.Select(segment => FindCounterexample(truth, record, segment)).FirstOrDefault(found => found is not null);
    }

    private static string? FindCounterexample(Truth truth, WatchRecord record, WatchSegment segment)
    {
        if (segment.Begin is not { } begin)
        {
            // The run ended first.
            return null;
        }

        if (segment.After is { } after && after != begin)
        {
            return $"a watch that was to go on after revision {after.Revision} began after {begin.Revision}";
        }

        IReadOnlyList<ExpectedEvent> expected = truth.Expected(record.Spec);
        int next = truth.FirstAfter(record.Spec, begin.Revision.Value);
        if (next < expected.Count
            && segment.FirstEvent < record.Events.Count
            && record.Events[segment.FirstEvent].Revision != expected[next].Revision)
        {
            return $"a watch that began after revision {begin.Revision} went on with {record.Events[segment.FirstEvent].Revision}, not with {expected[next].Revision}";
        }

        return null;
    }
}
