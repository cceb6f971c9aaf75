using System.Runtime.CompilerServices;
using WsStorage.Core;

namespace WsStorage.Outbox.Tests;

/// <summary>An outbox whose rows are shown without its marker, which a store that nobody delivers to does not have.</summary>
internal sealed class WithoutMarkers(OutboxStorage outbox) : IStorage
{
    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default) => outbox.GetInfoAsync(cancellationToken);

    public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        outbox.GetAsync(key, cancellationToken);

    public ValueTask<GetManyResult> GetManyAsync(IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default) =>
        outbox.GetManyAsync(keys, cancellationToken);

    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default) =>
        outbox.WriteAsync(batch, cancellationToken);

    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
        outbox.WatchAsync(options, cancellationToken);

    public ValueTask KeepHistoryAsync(string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
        outbox.KeepHistoryAsync(follower, after, duration, cancellationToken);

    public async IAsyncEnumerable<ScanPage> ScanPagesAsync(
        ScanOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // One row more, for the marker that may be among them.
        options.Validate();
        long left = options.Limit;
        ScanOptions wider = options with { Limit = left == long.MaxValue ? left : left + 1 };
        await foreach (ScanPage page in outbox.ScanPagesAsync(wider, cancellationToken))
        {
            var builder = new ScanPageBuilder(options, page.Revision);
            foreach (ScanPage.Row row in page)
            {
                if (left > 0 && !ReservedKeys.Range.Contains(row.Key.Span))
                {
                    builder.Append(row.Key.Span, row.Value.Span);
                    left--;
                }
            }

            if (!builder.IsEmpty)
            {
                yield return builder.TakePage();
            }
        }
    }

    public ValueTask DisposeAsync() => outbox.DisposeAsync();
}
