using WsStorage.Core.Copies;

namespace WsStorage.Replica.Following;

/// <summary>
/// Gathers what a watch tells, in memory of its own, to be applied together. Filled first, then taken from its front until it is
/// empty. Not thread-safe.
/// </summary>
/// <param name="ranges">The keys that are copied; none for all.</param>
/// <param name="fullBytes">How many bytes it gathers, about.</param>
internal sealed class BatchBuffer(IReadOnlyList<KeyRange> ranges, int fullBytes)
{
    private const int MostBatches = 4096;

    private readonly List<Gathered> _gathered = [];
    private readonly CopiedBatch[] _taken = new CopiedBatch[MostBatches];
    private byte[] _bytes = new byte[4096];
    private int _length;
    private int _first;

    /// <summary>How many batches wait.</summary>
    public int Count => _gathered.Count - _first;

    public bool IsFull => _gathered.Count == MostBatches || _length >= fullBytes;

    /// <summary>The revision of the first that waits; none when none does.</summary>
    public Revision? Head => Count == 0 ? null : _gathered[_first].Position.Revision;

    /// <summary>Adds a batch of the source.</summary>
    public void Add(in WatchEvent told)
    {
        int start = _length;
        if (ranges.Count < 2)
        {
            // The source has cut it to the range already.
            Append(told.PackedOperations.Span);
        }
        else
        {
            foreach (BatchOperation operation in new BatchOperations(told.PackedOperations.Span))
            {
                AppendCut(operation);
            }
        }

        Add(new Gathered(told.Position, told.CommitTime, start, _length - start));
    }

    /// <summary>Adds a mark: up to a position nothing more touches what is copied.</summary>
    /// <param name="position">The position.</param>
    /// <param name="time">When it was told: the copy's history, in which it is a record, is kept by age.</param>
    public void AddMark(Position position, DateTimeOffset time) => Add(new Gathered(position, time, _length, 0));

    /// <summary>How many that wait belong to a revision or an earlier one. A mark changes no row, so it is never too late.</summary>
    public int CountThrough(Revision revision)
    {
        int end = _first;
        while (end < _gathered.Count && (_gathered[end].Position.Revision <= revision || _gathered[end].Length == 0))
        {
            end++;
        }

        return end - _first;
    }

    /// <summary>Takes batches from the front; they stay valid until it is filled again.</summary>
    public ReadOnlyMemory<CopiedBatch> Take(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Gathered each = _gathered[_first + i];
            _taken[i] = new CopiedBatch(each.Position, each.CommitTime, _bytes.AsMemory(each.Start, each.Length));
        }

        _first += count;
        return _taken.AsMemory(0, count);
    }

    /// <summary>Makes room for the next filling.</summary>
    public void Clear()
    {
        _gathered.Clear();
        _first = 0;
        _length = 0;
        if (_bytes.Length > 4 * fullBytes)
        {
            // One large batch is no reason to keep its memory.
            _bytes = new byte[fullBytes];
        }
    }

    private void Add(Gathered next)
    {
        // Of marks that follow each other only the last says anything.
        if (next.Length == 0 && Count > 0 && _gathered[^1].Length == 0)
        {
            _gathered[^1] = next;
        }
        else
        {
            _gathered.Add(next);
        }
    }

    private void AppendCut(BatchOperation operation)
    {
        if (operation.Kind != BatchOperationKind.RemoveRange)
        {
            if (CopyRanges.Contains(ranges, operation.Key))
            {
                AppendKind(operation.Kind);
                AppendField(operation.Key);
                if (operation.Kind == BatchOperationKind.Put)
                {
                    AppendField(operation.Value);
                }
            }

            return;
        }

        foreach (KeyRange cut in CopyRanges.Within(ranges, operation.ToRange()))
        {
            AppendKind(operation.Kind);
            AppendField(cut.Start.Span);
            AppendField(cut.End.Span);
        }
    }

    private void AppendKind(BatchOperationKind kind) => Append([(byte)kind]);

    private void AppendField(ReadOnlySpan<byte> field)
    {
        Reserve(Varint.Length((ulong)field.Length));
        _length += Varint.Write(_bytes.AsSpan(_length), (ulong)field.Length);
        Append(field);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Reserve(int count)
    {
        int needed = checked(_length + count);
        if (_bytes.Length < needed)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Math.Max(needed, 2L * _bytes.Length), Array.MaxLength));
        }
    }

    private readonly record struct Gathered(Position Position, DateTimeOffset CommitTime, int Start, int Length);
}
