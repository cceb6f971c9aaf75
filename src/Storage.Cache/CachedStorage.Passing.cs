using System.Runtime.CompilerServices;

namespace WsStorage.Cache;

/// <content>What goes to the source; its revisions are taken note of.</content>
public sealed partial class CachedStorage
{
    /// <inheritdoc/>
    public async ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default)
    {
        CheckOpen();
        int generation = _seen.Generation;
        StorageInfo info = await _source.GetInfoAsync(cancellationToken).ConfigureAwait(false);

        // Of another store than the one that is watched: it is taken back if the watch does not go over to it.
        _seen.Observe(info.Revision, _watermark.IsOf(info.Epoch) ? generation : generation - 1);
        return info;
    }

    /// <inheritdoc/>
    public async ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default)
    {
        CheckOpen();
        int generation = _seen.Generation;
        DropWritten(batch);
        WriteResult result = await _source.WriteAsync(batch, cancellationToken).ConfigureAwait(false);
        _seen.Observe(result.Revision, generation);
        return result;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ScanPage> ScanPagesAsync(
        ScanOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        CheckOpen();
        int generation = _seen.Generation;
        await foreach (ScanPage page in _source.ScanPagesAsync(options, cancellationToken).ConfigureAwait(false))
        {
            _seen.Observe(page.Revision, generation);
            yield return page;
            CheckOpen();
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<WatchEvent> WatchAsync(
        WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        CheckOpen();
        int generation = _seen.Generation;
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping);
        IAsyncEnumerator<WatchEvent> events = _source.WatchAsync(options, linked.Token).GetAsyncEnumerator(linked.Token);
        await using (events.ConfigureAwait(false))
        {
            while (await MoveNextAsync(events, cancellationToken).ConfigureAwait(false))
            {
                _seen.Observe(events.Current.Revision, generation);
                yield return events.Current;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default)
    {
        CheckOpen();
        return _source.KeepHistoryAsync(follower, after, duration, cancellationToken);
    }

    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<WatchEvent> events, CancellationToken cancellationToken)
    {
        CheckOpen();
        try
        {
            return await events.MoveNextAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_closed && !cancellationToken.IsCancellationRequested)
        {
            throw Closed();
        }
    }

    /// <summary>
    /// Drops what is about to change. No promise needs it while the watch is there: what was written is known by its revision.
    /// It lets a write whose outcome nobody learns be seen by the next read already.
    /// </summary>
    private void DropWritten(WriteBatch batch)
    {
        foreach (BatchOperation operation in batch.Operations)
        {
            if (operation.Kind == BatchOperationKind.RemoveRange)
            {
                _entries.Drop(operation.ToRange());
            }
            else
            {
                _entries.Drop(operation.Key);
            }
        }
    }
}
