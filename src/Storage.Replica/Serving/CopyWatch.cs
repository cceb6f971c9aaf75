using WsStorage.Core.Copies;

namespace WsStorage.Replica.Serving;

/// <summary>A watch of one copy, whose next event can be awaited beside other things. Not thread-safe.</summary>
internal sealed class CopyWatch : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly IAsyncEnumerator<WatchEvent> _events;
    private Task<bool>? _move;
    private bool _isDisposed;

    public CopyWatch(ICopy copy, WatchOptions options, Position? after, CancellationToken cancellationToken)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _events = copy.WatchAsync(options with { After = after }, _stop.Token).GetAsyncEnumerator(CancellationToken.None);
    }

    /// <summary>Asks for the next event, unless that has been done.</summary>
    /// <returns>Completes when there is one.</returns>
    public Task<bool> MoveNext() => _move ??= _events.MoveNextAsync().AsTask();

    /// <summary>Takes the event that was asked for.</summary>
    /// <returns>The event, valid until the next one is asked for.</returns>
    public async ValueTask<WatchEvent> TakeAsync()
    {
        Task<bool> move = MoveNext();
        _move = null;
        return await move.ConfigureAwait(false)
            ? _events.Current
            : throw new StorageException(StorageErrorCode.Internal, "The copy's watch just ended, which no watch may do.");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        await _stop.CancelAsync().ConfigureAwait(false);
        if (_move is not null)
        {
            await ((Task)_move).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _events.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }
}
