using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace WsStorage.Replica.Tests;

/// <summary>What a replica does at its source.</summary>
internal enum SourceStep
{
    Info,
    Keep,
    Scan,
    Page,
    Watch,
    Event,

    /// <summary>The watch is asked for an event, having told the one before.</summary>
    Next,
    Write,
}

/// <summary>A source whose every step a test can watch, hold up, or let fail; and that can be another store from one moment to the
/// next.</summary>
internal sealed class FaultySource(IStorage inner) : IStorage
{
    private readonly Channel<IReadOnlyList<KeyRange>> _invalidations = Channel.CreateUnbounded<IReadOnlyList<KeyRange>>();

    /// <summary>The store behind it.</summary>
    public IStorage Inner { get; set; } = inner;

    /// <summary>Called before each step; may wait, and may throw.</summary>
    public Func<SourceStep, ValueTask> Before { get; set; } = static _ => ValueTask.CompletedTask;

    /// <summary>Changes what the store says of itself.</summary>
    public Func<StorageInfo, StorageInfo> Say { get; set; } = static info => info;

    /// <summary>Writes in the place of the store, if given.</summary>
    public Func<WriteBatch, ValueTask<WriteResult>>? Write { get; set; }

    public static StorageException Lost() => new(StorageErrorCode.ConnectionLost, "The connection was lost, by a test.");

    /// <summary>Has the open watch tell an invalidation.</summary>
    public void Invalidate(params KeyRange[] ranges) => _invalidations.Writer.TryWrite(ranges);

    public async ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default)
    {
        await Before(SourceStep.Info);
        return Say(await Inner.GetInfoAsync(cancellationToken));
    }

    public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        Inner.GetAsync(key, cancellationToken);

    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default) => Inner.GetManyAsync(keys, cancellationToken);

    public async ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default)
    {
        await Before(SourceStep.Write);
        return await (Write is { } write ? write(batch) : Inner.WriteAsync(batch, cancellationToken));
    }

    public async IAsyncEnumerable<ScanPage> ScanPagesAsync(
        ScanOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Before(SourceStep.Scan);
        await foreach (ScanPage page in Inner.ScanPagesAsync(options, cancellationToken))
        {
            await Before(SourceStep.Page);
            yield return page;
        }
    }

    public async IAsyncEnumerable<WatchEvent> WatchAsync(
        WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Before(SourceStep.Watch);
        await using IAsyncEnumerator<WatchEvent> events = Inner.WatchAsync(options, cancellationToken).GetAsyncEnumerator(CancellationToken.None);
        Task<bool>? move = null;
        Position told = default;
        while (true)
        {
            if (move is null)
            {
                await Before(SourceStep.Next);
                move = events.MoveNextAsync().AsTask();
            }

            Task<bool> invalidated = _invalidations.Reader.WaitToReadAsync(cancellationToken).AsTask();
            if (told != default && await Task.WhenAny(move, invalidated) == invalidated && !move.IsCompleted)
            {
                await invalidated;
                while (_invalidations.Reader.TryRead(out IReadOnlyList<KeyRange>? ranges))
                {
                    yield return WatchEvent.Invalidation(told, ranges);
                }

                continue;
            }

            if (!await move)
            {
                yield break;
            }

            move = null;
            told = events.Current.Position;
            await Before(SourceStep.Event);
            yield return events.Current;
        }
    }

    public async ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default)
    {
        await Before(SourceStep.Keep);
        await Inner.KeepHistoryAsync(follower, after, duration, cancellationToken);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
