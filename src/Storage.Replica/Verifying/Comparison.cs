namespace WsStorage.Replica.Verifying;

/// <summary>What one comparison has found so far. Not thread-safe.</summary>
internal sealed class Comparison(IProgress<VerifyProgress>? progress, long expectedRows)
{
    private const int HashesPerReport = 100;

    private VerifyDifference? _first;
    private long _suspects;
    private long _hashes;
    private long _rows;
    private long _differences;
    private long _mended;
    private Revision _revision;

    /// <summary>The ranges in which something was mended.</summary>
    public List<KeyRange> MendedRanges { get; } = [];

    public void CountHash(in RangeHash hash, bool isEqual)
    {
        _hashes++;
        _rows += hash.Rows;
        _revision = hash.Revision;
        _suspects += isEqual ? 0 : 1;
        if (_hashes % HashesPerReport == 0)
        {
            Report();
        }
    }

    public void CountDifference(ReadOnlySpan<byte> key, DifferenceKind kind, Revision revision)
    {
        _differences++;
        _first ??= new VerifyDifference(key.ToArray(), kind, revision);
    }

    public void CountMended(KeyRange range, long rows)
    {
        _mended += rows;
        MendedRanges.Add(range);
        Report();
    }

    public void Report() => progress?.Report(new VerifyProgress(_rows, expectedRows, _suspects, _differences));

    public VerifyResult ToResult() => new()
    {
        Revision = _revision,
        Rows = _rows,
        Hashes = _hashes,
        Differences = _differences,
        Mended = _mended,
        First = _first,
    };
}
