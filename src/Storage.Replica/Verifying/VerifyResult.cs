namespace WsStorage.Replica;

/// <summary>What a comparison of a replica with its source has found.</summary>
public sealed record VerifyResult
{
    /// <summary>The revision of source and replica that was compared last; none when nothing was.</summary>
    public Revision Revision { get; init; }

    /// <summary>How many rows of the source were compared.</summary>
    public long Rows { get; init; }

    /// <summary>How many hashes were compared.</summary>
    public long Hashes { get; init; }

    /// <summary>How many rows differ.</summary>
    public long Differences { get; init; }

    /// <summary>How many of them were corrected.</summary>
    public long Mended { get; init; }

    /// <summary>The difference with the least key; none when there is none.</summary>
    public VerifyDifference? First { get; init; }

    /// <summary>Whether the replica had just what the source has.</summary>
    public bool IsEqual => Differences == 0;
}

/// <summary>A row of a replica that is not what its source has.</summary>
/// <param name="Key">Its key, owned by the receiver.</param>
/// <param name="Kind">What is wrong.</param>
/// <param name="Revision">The revision at which it was compared.</param>
public sealed record VerifyDifference(byte[] Key, DifferenceKind Kind, Revision Revision);

/// <summary>What is wrong with a row of a replica.</summary>
public enum DifferenceKind
{
    /// <summary>The source has it, the replica has not.</summary>
    Missing = 0,

    /// <summary>The replica has it, the source has not.</summary>
    Extra = 1,

    /// <summary>Both have it, with different values.</summary>
    Different = 2,
}

/// <summary>How far a comparison is.</summary>
/// <param name="Rows">How many rows of the source have been compared.</param>
/// <param name="ExpectedRows">How many there are: the source's estimate, for all of it.</param>
/// <param name="Suspects">How many ranges have hashes that differ; their rows are compared in the end.</param>
/// <param name="Differences">How many rows have been found to differ.</param>
public readonly record struct VerifyProgress(long Rows, long ExpectedRows, long Suspects, long Differences);
