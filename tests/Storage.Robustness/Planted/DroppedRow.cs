using WsStorage.Core.Copies;

namespace WsStorage.Robustness.Planted;

/// <summary>A store of copies whose copies lose the last row of each page that they are loaded with.</summary>
internal sealed class DroppedRow(ICopyStore inner) : ICopyStore
{
    public ICopy? Current => inner.Current;

    public ICopy? Next => inner.Next is { } next ? new LossyCopy(next) : null;

    public async ValueTask<ICopy> BeginAsync(
        IReadOnlyList<KeyRange> ranges, Position start, CancellationToken cancellationToken = default) =>
        new LossyCopy(await inner.BeginAsync(ranges, start, cancellationToken));

    public ValueTask DropNextAsync(CancellationToken cancellationToken = default) => inner.DropNextAsync(cancellationToken);

    public ValueTask<IAsyncDisposable?> PromoteAsync(CancellationToken cancellationToken = default) => inner.PromoteAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private sealed class LossyCopy(ICopy copy) : StorageDecorator(copy), ICopy
    {
        public CopyState State => copy.State;

        public ValueTask LoadAsync(ReadOnlyMemory<byte> packedRows, CopyLoad load, CancellationToken cancellationToken = default)
        {
            int last = 0;
            foreach (ScanPage.Row row in new ScanPage(Revision.None, 1, packedRows))
            {
                last = Varint.Length((ulong)row.Key.Length) + row.Key.Length + Varint.Length((ulong)row.Value.Length) + row.Value.Length;
            }

            return copy.LoadAsync(packedRows[..^last], load, cancellationToken);
        }

        public void ReadMany(ReadOnlySpan<ReadOnlyMemory<byte>> keys, IValueReceiver receiver) => copy.ReadMany(keys, receiver);

        public ValueTask WriteManyAsync(
            ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, CancellationToken cancellationToken = default) =>
            copy.WriteManyAsync(batches, results, cancellationToken);

        public ValueTask ApplyAsync(ReadOnlyMemory<CopiedBatch> batches, CancellationToken cancellationToken = default) =>
            copy.ApplyAsync(batches, cancellationToken);

        public ValueTask MendAsync(WriteBatch operations, CancellationToken cancellationToken = default) =>
            copy.MendAsync(operations, cancellationToken);
    }
}
