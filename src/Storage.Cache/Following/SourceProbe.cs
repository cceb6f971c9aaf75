using Microsoft.Extensions.Logging;

namespace WsStorage.Cache.Following;

/// <summary>Asks the source again and again how far it is, so that the cache knows how old it is.</summary>
internal sealed class SourceProbe(IStorage source, Watermark watermark, LastSeen seen, CacheOptions options, ILogger logger)
{
    private readonly TimeProvider _time = options.TimeProvider;
    private readonly TimeSpan _interval = options.MaxStaleness / 4;

    /// <summary>Asks until another store answers than the one that is watched.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            long askedAt = _time.GetTimestamp();
            ulong before = seen.Revision;
            if (await AskAsync(cancellationToken).ConfigureAwait(false) is { } position)
            {
                if (!watermark.IsOf(position.Epoch))
                {
                    return;
                }

                watermark.Confirm(position, askedAt);
                seen.Settle(position.Revision, before);
            }

            TimeSpan rest = _interval - _time.GetElapsedTime(askedAt);
            if (rest > TimeSpan.Zero)
            {
                await Task.Delay(rest, _time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Asks once. An answer that takes longer than the cache may be stale would say nothing.</summary>
    private async Task<Position?> AskAsync(CancellationToken cancellationToken)
    {
        using var tooLate = new CancellationTokenSource(options.MaxStaleness, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, tooLate.Token);
        try
        {
            return (await source.GetInfoAsync(linked.Token).ConfigureAwait(false)).Position;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotConfirmed(logger, options.Name, $"no answer within {options.MaxStaleness}");
        }
        catch (StorageException exception)
        {
            Log.NotConfirmed(logger, options.Name, exception.Message);
        }

        return null;
    }
}
