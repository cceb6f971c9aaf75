using System.Collections.Concurrent;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>
/// The open scans, range-hashes and watches of a session, by their ids. The first two are requests under way, and counted together.
/// A watch is none, because nobody waits for its end: it is counted by itself.
/// </summary>
internal sealed class SessionStreams(MessageOutbox outbox, SlowReaderGuard slowReader, SessionContext context, SessionLoad load)
{
    private readonly ConcurrentDictionary<RequestId, OpenStream> _open = new();
    private readonly SessionLoad _watches = new(long.MaxValue);
    private readonly OwedInvalidations _owed = new(outbox, slowReader);
    private int _scanCount;
    private volatile bool _watchesAreOver;

    /// <summary>Whether a watch is open.</summary>
    public bool HasWatches => _watches.InFlight > 0;

    public void StartScan(ScanRequest request, RequestId id) =>
        Start(new ScanSession(request, id, outbox, slowReader, context));

    public void StartRangeHash(RangeHashRequest request, RequestId id) =>
        Start(new RangeHashSession(request, id, outbox, slowReader, context));

    public void StartWatch(WatchRequest request, RequestId id)
    {
        CheckCount("watches", _watches.Unanswered, context.Options.MaxWatches);
        var watch = new WatchSession(request, id, outbox, slowReader, _owed, _watches, context);
        Add(watch);
        _watches.Begin();
        if (_watchesAreOver)
        {
            watch.Cancel();
        }

        if (request.Options.Invalidations)
        {
            context.Served.Invalidation.Add(watch);
        }

        _ = Task.Run(() => RunAsync(watch, _watches));
    }

    /// <summary>Grants bytes to an open stream. One that has ended meanwhile needs none.</summary>
    public void AddCredit(RequestId id, long bytes)
    {
        if (_open.TryGetValue(id, out OpenStream? stream))
        {
            stream.AddCredit(bytes);
        }
    }

    /// <summary>Ends an open stream. One that has ended meanwhile needs no cancel.</summary>
    public void Cancel(RequestId id)
    {
        if (_open.TryGetValue(id, out OpenStream? stream))
        {
            stream.Cancel();
        }
    }

    /// <summary>
    /// Ends all watches without a word, because the session ends: what tells the client is the close. An end of their own would
    /// read as if somebody had wanted it.
    /// </summary>
    public void EndWatches()
    {
        _watchesAreOver = true;
        foreach (WatchSession watch in _open.Values.OfType<WatchSession>())
        {
            watch.Cancel();
        }
    }

    /// <summary>Ends all, because the session is over.</summary>
    /// <returns>Completes when no watch uses the storage any more. Scans are waited for as requests.</returns>
    public Task EndAsync()
    {
        EndWatches();
        foreach (OpenStream stream in _open.Values)
        {
            stream.Cancel();
        }

        return _watches.WaitForIdleAsync();
    }

    private static void CheckCount(string what, int count, int most)
    {
        if (count >= most)
        {
            throw new StorageException(
                StorageErrorCode.LimitExceeded,
                $"The connection has {most} open {what}, the most that it may. End one before starting another.");
        }
    }

    private void Start(PagedStream scan)
    {
        CheckCount("scans", Volatile.Read(ref _scanCount), context.Options.MaxScans);
        Add(scan);
        Interlocked.Increment(ref _scanCount);
        load.Begin();
        _ = Task.Run(() => RunAsync(scan, load));
    }

    private void Add(OpenStream stream)
    {
        if (!_open.TryAdd(stream.Id, stream))
        {
            throw new StorageException(StorageErrorCode.ProtocolError, $"The id {stream.Id} is that of an open scan, range-hash or watch.");
        }
    }

    private async Task RunAsync(OpenStream stream, SessionLoad countedIn)
    {
        ErrorReply? failure = null;
        try
        {
            await stream.SendAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stream.IsCancelled)
        {
            // The end that follows says so.
        }
        catch (Exception exception)
        {
            failure = context.ToReply(exception);
        }

        // First forgotten, then ended: a client may use the id again as soon as it reads the end.
        _open.TryRemove(stream.Id, out _);
        bool isSilent = false;
        if (stream is WatchSession watch)
        {
            context.Served.Invalidation.Remove(watch);
            isSilent = _watchesAreOver;
        }
        else
        {
            Interlocked.Decrement(ref _scanCount);
        }

        countedIn.Answer();
        if (failure is { } error && !isSilent)
        {
            outbox.Post(error, stream.Id);
        }
        else if (!isSilent)
        {
            outbox.Post(new EndMessage(stream.IsCancelled), stream.Id);
        }

        countedIn.End();
    }
}
