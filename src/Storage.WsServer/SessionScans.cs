using System.Collections.Concurrent;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>The open scans of a session, by their ids.</summary>
internal sealed class SessionScans(
    IStorage storage, MessageOutbox outbox, SlowReaderGuard slowReader, SessionContext context, SessionLoad load)
{
    private readonly ConcurrentDictionary<RequestId, ScanSession> _open = new();
    private int _count;

    public void Start(ScanRequest request, RequestId id)
    {
        if (Volatile.Read(ref _count) >= context.Options.MaxScans)
        {
            throw new StorageException(
                StorageErrorCode.LimitExceeded,
                $"The connection has {context.Options.MaxScans} open scans, the most that it may. Finish one before starting another.");
        }

        var scan = new ScanSession(request, storage, outbox, slowReader, context);
        if (!_open.TryAdd(id, scan))
        {
            throw new StorageException(StorageErrorCode.ProtocolError, $"The id {id} is that of an open scan.");
        }

        Interlocked.Increment(ref _count);
        load.Begin();
        _ = Task.Run(() => RunAsync(scan, id));
    }

    /// <summary>Grants bytes to a scan. One that has ended meanwhile needs none.</summary>
    public void AddCredit(RequestId id, long bytes)
    {
        if (_open.TryGetValue(id, out ScanSession? scan))
        {
            scan.AddCredit(bytes);
        }
    }

    /// <summary>Ends a scan. One that has ended meanwhile needs no cancel.</summary>
    public void Cancel(RequestId id)
    {
        if (_open.TryGetValue(id, out ScanSession? scan))
        {
            scan.Cancel();
        }
    }

    public void CancelAll()
    {
        foreach (ScanSession scan in _open.Values)
        {
            scan.Cancel();
        }
    }

    private async Task RunAsync(ScanSession scan, RequestId id)
    {
        ErrorReply? failure = null;
        try
        {
            await scan.SendPagesAsync(id).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (scan.IsCancelled)
        {
            // The end that follows says so.
        }
        catch (Exception exception)
        {
            failure = context.ToReply(exception);
        }

        // First forgotten, then ended: a client may use the id again as soon as it reads the end.
        _open.TryRemove(id, out _);
        Interlocked.Decrement(ref _count);
        load.Answer();
        if (failure is { } error)
        {
            outbox.Post(error, id);
        }
        else
        {
            outbox.Post(new ScanEndMessage(scan.IsCancelled), id);
        }

        load.End();
    }
}
