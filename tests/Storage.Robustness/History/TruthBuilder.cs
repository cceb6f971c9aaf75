using WsStorage.Core;

namespace WsStorage.Robustness.History;

/// <summary>Makes a <see cref="Truth"/> of a log, event by event.</summary>
internal sealed class TruthBuilder
{
    private readonly List<CommittedWrite> _writes = [];
    private readonly KeyModel _model = new();
    private readonly WatchSpec[] _specs;
    private readonly List<ExpectedEvent>[] _expected;
    private readonly ulong[] _digests;
    private readonly int[] _counts;
    private string? _unsound;

    /// <summary>Begins at the empty store.</summary>
    public TruthBuilder(Guid epoch, IEnumerable<WatchSpec> specs)
    {
        Position = new Position(epoch, Revision.None, ChainHash.Seed);
        _specs = [.. specs.Distinct()];
        _expected = [.. _specs.Select(_ => new List<ExpectedEvent>())];
        _digests = new ulong[_specs.Length];
        _counts = new int[_specs.Length];
    }

    /// <summary>The position after what was added.</summary>
    public Position Position { get; private set; }

    /// <summary>Adds the event of the next revision, with all its changes.</summary>
    public void Add(WatchEvent told)
    {
        Revision next = Position.Revision.Next;
        var position = new Position(Position.Epoch, next, ChainHash.Append(Position.Hash, next, told.PackedOperations.Span));
        if (position != told.Position)
        {
            _unsound ??= told.Revision == next
                ? $"the hash of revision {next} does not follow from its content"
                : $"the log goes from revision {Position.Revision} to {told.Revision}";
        }

        Position = position;
        Array.Clear(_digests);
        Array.Clear(_counts);
        WriteId id = default;
        ulong all = ChangeDigest.None;
        foreach (Change change in told)
        {
            all = ChangeDigest.Append(all, change.Kind, change.Key.Span, change.Value.Span);
            if (change.Kind == BatchOperationKind.Put && Ledger.Holds(change.Key.Span))
            {
                id = WriteId.Read(change.Value.Span);
            }

            (PreviousValueKind previousKind, ulong previous) = _model.Apply(change);
            for (int i = 0; i < _specs.Length; i++)
            {
                _counts[i] += _specs[i].TryAppend(ref _digests[i], change, previousKind, previous) ? 1 : 0;
            }
        }

        _writes.Add(new CommittedWrite(id, all, position.Hash));
        for (int i = 0; i < _specs.Length; i++)
        {
            if (_counts[i] > 0)
            {
                _expected[i].Add(new ExpectedEvent((uint)next.Value, _counts[i], _digests[i]));
            }
        }
    }

    /// <summary>Ends it: compares with the store.</summary>
    public async Task<Truth> BuildAsync(IStorage store, Position end)
    {
        if (Position != end)
        {
            _unsound ??= $"the log ends at {Position}, the store is at {end}";
        }

        _unsound ??= await _model.CompareAsync(store);
        var expected = new Dictionary<WatchSpec, List<ExpectedEvent>>();
        for (int i = 0; i < _specs.Length; i++)
        {
            expected[_specs[i]] = _expected[i];
        }

        return new Truth(_writes, expected, _unsound);
    }
}
