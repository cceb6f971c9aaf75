using System.Runtime.CompilerServices;

namespace WsStorage.Robustness.Planted;

/// <summary>Tells a watcher something else than the watch says, now and then.</summary>
internal sealed class DistortedWatch(IStorage inner, PlantedBug bug) : StorageDecorator(inner)
{
    private const int Every = 20;

    public override async IAsyncEnumerable<WatchEvent> WatchAsync(
        WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        WatchOptions asked = bug == PlantedBug.NoFilter ? options with { Range = KeyRange.All } : options;
        int changes = 0;
        int marks = 0;
        WatchEvent? heldBack = null;
        await foreach (WatchEvent told in Inner.WatchAsync(asked, cancellationToken).WithCancellation(cancellationToken))
        {
            if (told.Kind != WatchEventKind.Changes)
            {
                if (bug != PlantedBug.NoMarks || marks++ == 0)
                {
                    yield return told;
                }

                continue;
            }

            bool isStruck = ++changes % Every == 0;
            if (heldBack is { } swapped)
            {
                heldBack = null;
                yield return told;
                yield return swapped;
                continue;
            }

            switch (isStruck ? bug : PlantedBug.None)
            {
                case PlantedBug.SkippedRevision:
                    break;
                case PlantedBug.SwappedRevisions:
                    heldBack = Copy(told, int.MaxValue);
                    break;
                case PlantedBug.TornBatch:
                    yield return Copy(told, CountOf(told) - 1);
                    break;
                case PlantedBug.EarlyMark:
                    yield return WatchEvent.Progress(told.Position);
                    yield return told;
                    break;
                case PlantedBug.DuplicateEvent:
                    yield return told;
                    yield return told;
                    break;
                default:
                    yield return told;
                    break;
            }
        }
    }

    private static int CountOf(WatchEvent told)
    {
        int count = 0;
        foreach (Change _ in told)
        {
            count++;
        }

        return count;
    }

    /// <summary>A copy of an event's first changes.</summary>
    private static WatchEvent Copy(WatchEvent told, int most)
    {
        var batch = new WriteBatch();
        foreach (Change change in told)
        {
            if (batch.Count == most)
            {
                break;
            }

            _ = change.Kind switch
            {
                BatchOperationKind.Put => batch.Put(change.Key.Span, change.Value.Span),
                BatchOperationKind.Remove => batch.Remove(change.Key.Span),
                _ => batch.RemoveRange(change.ToRange()),
            };
        }

        return WatchEvent.Changes(told.Position, told.CommitTime, batch.PackedOperations.ToArray());
    }
}
