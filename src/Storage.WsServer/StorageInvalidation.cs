using System.Collections.Concurrent;

namespace WsStorage.WsServer;

/// <summary>
/// Makes clients look again: tells every watch that asked for it (<see cref="WatchOptions.Invalidations"/>) that keys are to be
/// read again, changed or not. An application that serves a storage with
/// <see cref="StorageEndpointExtensions.MapStorage"/> gives one to <see cref="StorageEndpointOptions.Invalidation"/>; endpoints
/// that are given the same one are told together. Thread-safe.
/// </summary>
/// <remarks>
/// It reaches who is connected, and is not kept for who is not: a client that was away reads again by itself. It is never lost
/// for a client that is slow: when too much waits for that, it is told to read everything again.
/// </remarks>
public sealed class StorageInvalidation
{
    private readonly ConcurrentDictionary<WatchSession, bool> _watches = new();

    /// <summary>Tells the watches. Does not wait for clients.</summary>
    /// <param name="ranges">What to read again: at least one range. Everything is <see cref="KeyRange.All"/>, one key is
    /// <see cref="KeyRange.Single"/>. Read before this returns.</param>
    /// <param name="cancellationToken">Cancelled before the call, nobody is told.</param>
    /// <returns>How many watches are told.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: there is no range.
    /// <see cref="StorageErrorCode.KeyTooLarge"/>: a bound is no key.</exception>
    public ValueTask<int> InvalidateAsync(IReadOnlyList<KeyRange> ranges, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken);
        }

        try
        {
            return new(Invalidate(ranges));
        }
        catch (StorageException exception)
        {
            return ValueTask.FromException<int>(exception);
        }
    }

    internal int Invalidate(IReadOnlyList<KeyRange> ranges)
    {
        if (ranges.Count == 0)
        {
            throw StorageException.InvalidArgument($"There is no range to invalidate. Name at least one; everything is {nameof(KeyRange)}.{nameof(KeyRange.All)}.");
        }

        foreach (KeyRange range in ranges)
        {
            range.CheckBounds();
        }

        InvalidatedRanges ordered = InvalidatedRanges.Of(ranges);
        int told = 0;
        foreach (KeyValuePair<WatchSession, bool> each in _watches)
        {
            told += each.Key.Invalidate(ordered) ? 1 : 0;
        }

        return told;
    }

    internal void Add(WatchSession watch) => _watches.TryAdd(watch, true);

    internal void Remove(WatchSession watch) => _watches.TryRemove(watch, out _);
}
