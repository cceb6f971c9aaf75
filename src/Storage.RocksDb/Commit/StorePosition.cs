namespace WsStorage.RocksDb.Commit;

/// <summary>How far the store is. Written by the committing thread, read by any.</summary>
internal sealed class StorePosition
{
    private readonly Lock _gate = new();
    private ulong _revision;
    private ulong _hash;
    private ulong _compacted;

    public StorePosition(Position position, Revision compacted)
    {
        Epoch = position.Epoch;
        _revision = position.Revision.Value;
        _hash = position.Hash;
        _compacted = compacted.Value;
    }

    public Guid Epoch { get; }

    /// <summary>The revision of the last committed batch: what is read after this was read is at it or later.</summary>
    public Revision Revision => new(Volatile.Read(ref _revision));

    /// <summary>History at or below this revision is gone.</summary>
    public Revision Compacted
    {
        get => new(Volatile.Read(ref _compacted));
        set => Volatile.Write(ref _compacted, value.Value);
    }

    /// <summary>The position after the last committed batch.</summary>
    public Position Current
    {
        get
        {
            lock (_gate)
            {
                return new(Epoch, new Revision(_revision), _hash);
            }
        }
    }

    /// <summary>Moves on.</summary>
    public void Advance(Position position)
    {
        lock (_gate)
        {
            _hash = position.Hash;
            Volatile.Write(ref _revision, position.Revision.Value);
        }
    }
}
