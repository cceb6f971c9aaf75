namespace WsStorage.Core.Feed;

/// <summary>What of a batch a watch wants.</summary>
/// <param name="Range">The keys.</param>
/// <param name="KeysOnly">Whether values are left out.</param>
/// <param name="WantsPrevious">Whether what the keys held before is wanted.</param>
internal readonly record struct ChangeFilter(KeyRange Range, bool KeysOnly, bool WantsPrevious)
{
    public ChangeFilter(WatchOptions options)
        : this(options.Range, options.KeysOnly, options.PreviousValues)
    {
    }

    private bool IsAll => Range.Start.IsEmpty && Range.End.IsEmpty;

    /// <summary>Takes from a batch the operations that touch the range; range removals are cut to it.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="mayShare">Whether the result may be slices of the batch, where they are just what is wanted.</param>
    /// <param name="filtered">What is wanted of the batch; not to be kept longer than the batch if slices are allowed.</param>
    /// <returns>Whether anything touches the range.</returns>
    public bool TryApply(in ChangeBatch batch, bool mayShare, out FilteredBatch filtered)
    {
        Measure measured = Walk(batch, default, default);
        if (measured.Kept == 0)
        {
            filtered = default;
            return false;
        }

        // What is not known of any operation need not be told.
        bool previous = measured.Known && WantsPrevious;
        bool whole = measured.Kept == measured.Count && !measured.Changed;
        if (whole && mayShare)
        {
            filtered = new FilteredBatch(batch.Operations, previous ? batch.Previous : default);
            return true;
        }

        byte[] operations = new byte[measured.OperationBytes];
        byte[] before = previous ? new byte[measured.PreviousBytes] : [];
        Walk(batch, operations, before);
        filtered = new FilteredBatch(operations, before);
        return true;
    }

    private static int CopyPrevious(Span<byte> destination, ReadOnlySpan<byte> previous)
    {
        if (!destination.IsEmpty)
        {
            previous.CopyTo(destination);
        }

        return previous.Length;
    }

    /// <summary>Takes one previous value off the front.</summary>
    private static ReadOnlySpan<byte> TakePrevious(ref ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty)
        {
            return default;
        }

        int length = 1;
        if (rest[0] == (byte)PreviousValueKind.Value && Varint.TryRead(rest[1..], out ulong bytes, out int used))
        {
            length += used + (int)bytes;
        }

        ReadOnlySpan<byte> taken = rest[..length];
        rest = rest[length..];
        return taken;
    }

    /// <summary>Measures what is wanted, and writes it where there is room for it.</summary>
    private Measure Walk(in ChangeBatch batch, Span<byte> operations, Span<byte> previous)
    {
        Measure measured = default;
        ReadOnlySpan<byte> previousRest = batch.Previous.Span;
        foreach (BatchOperation operation in new BatchOperations(batch.Operations.Span))
        {
            measured.Count++;
            ReadOnlySpan<byte> before = TakePrevious(ref previousRest);
            PackedOperation wanted = Cut(operation, ref measured);
            if (wanted.IsNone)
            {
                continue;
            }

            measured.Kept++;
            measured.Known |= !before.IsEmpty && before[0] != (byte)PreviousValueKind.Unknown;
            measured.OperationBytes += operations.IsEmpty ? wanted.Length : wanted.Write(operations[measured.OperationBytes..]);
            measured.PreviousBytes += CopyPrevious(previous.IsEmpty ? default : previous[measured.PreviousBytes..], before);
        }

        return measured;
    }

    private PackedOperation Cut(BatchOperation operation, ref Measure measured)
    {
        if (operation.Kind != BatchOperationKind.RemoveRange)
        {
            if (!Range.Contains(operation.Key))
            {
                return default;
            }

            measured.Changed |= KeysOnly && !operation.Value.IsEmpty;
            return new PackedOperation(operation.Kind, operation.Key, KeysOnly ? default : operation.Value);
        }

        ReadOnlySpan<byte> start = operation.Key;
        ReadOnlySpan<byte> end = operation.End;
        if (start.SequenceCompareTo(Range.Start.Span) < 0)
        {
            start = Range.Start.Span;
            measured.Changed = true;
        }

        if (!Range.End.IsEmpty && (end.IsEmpty || end.SequenceCompareTo(Range.End.Span) > 0))
        {
            end = Range.End.Span;
            measured.Changed = true;
        }

        // Even a removal of no key belongs to what a watch of all keys is told: it is part of what the hash chains.
        bool isOfNoKey = !end.IsEmpty && start.SequenceCompareTo(end) >= 0;
        return isOfNoKey && !IsAll ? default : new PackedOperation(operation.Kind, start, end);
    }

    private struct Measure
    {
        public int Count;
        public int Kept;
        public bool Changed;
        public bool Known;
        public int OperationBytes;
        public int PreviousBytes;
    }
}

/// <summary>What a watch is told of a batch.</summary>
/// <param name="Operations">Its operations that touch the range, packed.</param>
/// <param name="Previous">What their keys held before, packed; may be empty.</param>
internal readonly record struct FilteredBatch(ReadOnlyMemory<byte> Operations, ReadOnlyMemory<byte> Previous)
{
}
