using WsStorage.Core.Tree;

namespace WsStorage.Core;

/// <summary>A scan of an <see cref="InMemoryStorage"/>; each walk over it reads the revision of its own beginning.</summary>
internal sealed class InMemoryScan(InMemoryStorage storage, ScanOptions options, CancellationToken cancellationToken)
    : IAsyncEnumerable<ScanPage>
{
    public IAsyncEnumerator<ScanPage> GetAsyncEnumerator(CancellationToken walkCancellation = default) =>
        new Walk(storage, options, cancellationToken, walkCancellation);

    private sealed class Walk(
        InMemoryStorage storage, ScanOptions options, CancellationToken scanCancellation, CancellationToken walkCancellation)
        : IAsyncEnumerator<ScanPage>
    {
        private TreeCursor? _cursor;
        private ScanPageBuilder? _builder;
        private bool _ended;

        public ScanPage Current { get; private set; }

        public ValueTask<bool> MoveNextAsync()
        {
            if (_ended)
            {
                return ValueTask.FromResult(false);
            }

            try
            {
                scanCancellation.ThrowIfCancellationRequested();
                walkCancellation.ThrowIfCancellationRequested();
                return ValueTask.FromResult(FillPage());
            }
            catch (Exception exception) when (exception is StorageException or OperationCanceledException)
            {
                End();
                return ValueTask.FromException<bool>(exception);
            }
        }

        public ValueTask DisposeAsync()
        {
            End();
            return ValueTask.CompletedTask;
        }

        private bool FillPage()
        {
            storage.CheckOpen();
            if (_cursor is null)
            {
                options.Validate();
                StoreSnapshot snapshot = storage.Pin();
                _cursor = new TreeCursor(snapshot.Root, options.Range, options.Reverse);
                _builder = new ScanPageBuilder(options, snapshot.Revision);
            }

            while (!_builder!.IsFull && _cursor.MoveNext())
            {
                Row row = _cursor.Current;
                _builder.Append(row.Key, row.Value);
            }

            if (_builder.IsEmpty)
            {
                End();
                return false;
            }

            Current = _builder.TakePage();
            return true;
        }

        private void End()
        {
            _ended = true;
            _cursor = null;
            _builder = null;
            Current = default;
        }
    }
}
