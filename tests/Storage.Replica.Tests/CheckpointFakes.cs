using WsStorage.Core.Copies;

namespace WsStorage.Replica.Tests;

/// <summary>A source whose checkpoints are files of packed rows.</summary>
internal sealed class CheckpointSource(FaultySource source) : IStorage, ICheckpointStorage
{
    private readonly Dictionary<Guid, Dictionary<string, byte[]>> _checkpoints = [];

    public string Format { get; set; } = "fake";

    /// <summary>Called before each piece is read; may throw.</summary>
    public Func<ValueTask> BeforePiece { get; set; } = static () => ValueTask.CompletedTask;

    public int Made { get; private set; }

    public int PiecesRead { get; private set; }

    public int Pinned => _checkpoints.Count;

    public void Forget() => _checkpoints.Clear();

    public async ValueTask<CheckpointInfo> CreateCheckpointAsync(CancellationToken cancellationToken = default)
    {
        Made++;
        Position position = (await source.Inner.GetInfoAsync(cancellationToken)).Position;
        Dictionary<string, byte[]> files = [];
        await foreach (ScanPage page in source.Inner.ScanPagesAsync(new ScanOptions { PageBytes = 1 << 20 }, cancellationToken))
        {
            files.Add($"{files.Count:d4}.rows", page.Rows.ToArray());
        }

        files.Add("empty", []);
        var info = new CheckpointInfo
        {
            Id = Guid.NewGuid(),
            Format = Format,
            Position = position,
            Files = [.. files.Select(static file => new CheckpointFile(file.Key, file.Value.Length))],
        };
        _checkpoints.Add(info.Id, files);
        return info;
    }

    public async ValueTask<CheckpointPiece> ReadCheckpointAsync(
        Guid checkpoint, string file, long offset, int length, CancellationToken cancellationToken = default)
    {
        await BeforePiece().AsTask().WaitAsync(cancellationToken);
        PiecesRead++;
        if (!_checkpoints.TryGetValue(checkpoint, out Dictionary<string, byte[]>? files))
        {
            throw new StorageException(StorageErrorCode.NotFound, "The checkpoint is gone.");
        }

        byte[] piece = files[file].AsSpan((int)offset, length).ToArray();
        return new CheckpointPiece(piece, XxHash64.Hash(piece, 0));
    }

    public ValueTask ReleaseCheckpointAsync(Guid checkpoint, CancellationToken cancellationToken = default)
    {
        _checkpoints.Remove(checkpoint);
        return ValueTask.CompletedTask;
    }

    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default) => source.GetInfoAsync(cancellationToken);

    public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        source.GetAsync(key, cancellationToken);

    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default) => source.GetManyAsync(keys, cancellationToken);

    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default) =>
        source.WriteAsync(batch, cancellationToken);

    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default) =>
        source.ScanPagesAsync(options, cancellationToken);

    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
        source.WatchAsync(options, cancellationToken);

    public ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
        source.KeepHistoryAsync(follower, after, duration, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>Copies in memory that can be made of such files.</summary>
internal sealed class CheckpointCopies(InMemoryCopyStore copies) : ICheckpointCopyStore
{
    private FakeReceipt? _receipt;

    public string CheckpointFormat => "fake";

    public CheckpointReceipt? Receipt => _receipt;

    /// <summary>Called before a receipt is begun; may throw.</summary>
    public Func<ValueTask> BeforeReceipt { get; set; } = static () => ValueTask.CompletedTask;

    public ICopy? Current => copies.Current;

    public ICopy? Next => copies.Next;

    public async ValueTask<CheckpointReceipt> BeginReceiptAsync(CheckpointInfo checkpoint, CancellationToken cancellationToken = default)
    {
        await BeforeReceipt();
        _receipt = new FakeReceipt(checkpoint);
        return _receipt;
    }

    public async ValueTask<ICopy> CompleteReceiptAsync(CancellationToken cancellationToken = default)
    {
        FakeReceipt receipt = _receipt!;
        ICopy copy = await copies.BeginAsync([], receipt.Checkpoint.Position, cancellationToken);
        await copy.LoadAsync(receipt.ToRows(), copy.State.Load! with { IsComplete = true }, cancellationToken);
        _receipt = null;
        return copy;
    }

    public ValueTask<ICopy> BeginAsync(IReadOnlyList<KeyRange> ranges, Position start, CancellationToken cancellationToken = default) =>
        copies.BeginAsync(ranges, start, cancellationToken);

    public ValueTask DropNextAsync(CancellationToken cancellationToken = default)
    {
        _receipt = null;
        return copies.DropNextAsync(cancellationToken);
    }

    public ValueTask<IAsyncDisposable?> PromoteAsync(CancellationToken cancellationToken = default) => copies.PromoteAsync(cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class FakeReceipt(CheckpointInfo checkpoint) : CheckpointReceipt
    {
        private readonly MemoryStream[] _files = [.. checkpoint.Files.Select(static _ => new MemoryStream())];

        public override CheckpointInfo Checkpoint => checkpoint;

        public override long GetLength(int file) => _files[file].Length;

        public override async ValueTask WriteAsync(int file, CheckpointPiece piece, CancellationToken cancellationToken = default)
        {
            Assert.That(XxHash64.Hash(piece.Bytes.Span, 0), Is.EqualTo(piece.Hash));
            await _files[file].WriteAsync(piece.Bytes, cancellationToken);
        }

        public byte[] ToRows()
        {
            Assert.That(_files.Select(static file => file.Length), Is.EqualTo(checkpoint.Files.Select(static file => file.Length)));
            return [.. _files.SelectMany(static file => file.ToArray())];
        }
    }
}
