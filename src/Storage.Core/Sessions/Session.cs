namespace WsStorage.Core.Sessions;

/// <summary>
/// What is remembered of one session: the executed writes that are not acknowledged, by number. Changed by one thread at a
/// time; <see cref="LastNumber"/> may be read by any.
/// </summary>
internal sealed class Session
{
    /// <summary>Larger memory is not kept once all is acknowledged.</summary>
    private const int KeptWrites = 256;

    private SessionWrite[] _writes = [];
    private int _start;
    private int _end;
    private ulong _lastNumber;

    /// <summary>The number that the session began with; nothing is known of it before its first write was recorded.</summary>
    public ulong KnownFrom { get; private set; } = ulong.MaxValue;

    public ulong AcknowledgedThrough { get; private set; }

    public ulong LastNumber => Volatile.Read(ref _lastNumber);

    public long LastUsed { get; private set; }

    public bool IsFull => _end - _start >= SessionTable.MaxUnacknowledged;

    public SessionMark Mark => new(KnownFrom, AcknowledgedThrough, _lastNumber, LastUsed);

    private ReadOnlySpan<SessionWrite> Writes => _writes.AsSpan(_start, _end - _start);

    /// <summary>Notes that it is in use.</summary>
    public void Touch(long now) => LastUsed = Math.Max(LastUsed, now);

    /// <summary>Takes over what was known of the session when it was stored.</summary>
    public void Load(in SessionMark mark)
    {
        KnownFrom = Math.Min(KnownFrom, mark.KnownFrom);
        Volatile.Write(ref _lastNumber, Math.Max(_lastNumber, mark.LastNumber));
        Touch(mark.LastUsed);
        Acknowledge(mark.AcknowledgedThrough);
    }

    /// <summary>Looks a write up.</summary>
    public bool TryFind(ulong number, out SessionWrite write)
    {
        int place = FindPlace(number);
        bool found = place < _end && _writes[place].Number == number;
        write = found ? _writes[place] : default;
        return found;
    }

    /// <summary>Forgets the writes up to a number.</summary>
    public void Acknowledge(ulong through)
    {
        if (through <= AcknowledgedThrough)
        {
            return;
        }

        AcknowledgedThrough = through;
        while (_start < _end && _writes[_start].Number <= through)
        {
            _start++;
        }

        if (_start == _end)
        {
            _start = 0;
            _end = 0;
            if (_writes.Length > KeptWrites)
            {
                _writes = [];
            }
        }
    }

    /// <summary>Makes room for one more write, so that <see cref="Add"/> needs no memory.</summary>
    public void Reserve()
    {
        if (_end < _writes.Length)
        {
            return;
        }

        // Moving down needs as much free room as there is taken, so that it costs little for each write.
        ReadOnlySpan<SessionWrite> writes = Writes;
        SessionWrite[] target = 2 * writes.Length <= _writes.Length && _writes.Length > 0
            ? _writes
            : new SessionWrite[Math.Max(8, 2 * _writes.Length)];
        writes.CopyTo(target);
        _end = writes.Length;
        _start = 0;
        _writes = target;
    }

    /// <summary>Remembers a write whose number is not remembered yet; after <see cref="Reserve"/>.</summary>
    public void Add(in SessionWrite write)
    {
        int place = FindPlace(write.Number);
        Array.Copy(_writes, place, _writes, place + 1, _end - place);
        _writes[place] = write;
        _end++;
        KnownFrom = KnownFrom == ulong.MaxValue ? write.Number : KnownFrom;
        Volatile.Write(ref _lastNumber, Math.Max(_lastNumber, write.Number));
    }

    /// <summary>The place of the first write with this number or a greater one.</summary>
    private int FindPlace(ulong number)
    {
        // Nearly always it is the next number.
        if (_start == _end || _writes[_end - 1].Number < number)
        {
            return _end;
        }

        int low = _start;
        int high = _end - 1;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (_writes[middle].Number < number)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
