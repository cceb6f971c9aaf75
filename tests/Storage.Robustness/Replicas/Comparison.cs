using WsStorage.Robustness.Guarantees;

namespace WsStorage.Robustness.Replicas;

/// <summary>Compares a replica with its source, each time that nothing is being written, and remembers the first difference.</summary>
internal sealed class Comparison
{
    private string? _unequal;
    private string? _unverified;

    /// <summary>How often it has compared.</summary>
    public int Count { get; private set; }

    /// <summary>Whether all was equal so far.</summary>
    public bool AllHeld => _unequal is null && _unverified is null;

    /// <summary>Compares, all rows and by range hashes.</summary>
    /// <param name="source">The source.</param>
    /// <param name="replica">The replica.</param>
    /// <param name="when">Says when, for people.</param>
    public async Task CompareAsync(IStorage source, ReplicaProcess replica, string when)
    {
        StoreDigest expected = await StoreDigest.ReadAsync(source);
        await replica.UntilAsync(expected.Position.Revision);
        StoreDigest actual = await replica.DigestAsync();
        VerifyReport verified = await replica.VerifyAsync();
        Count++;
        if (actual != expected)
        {
            _unequal ??= $"{when}: the source is {expected}, the replica {actual}";
        }

        if (verified.Differences != 0 || verified.Rows != expected.Rows || verified.Revision != expected.Position.Revision.Value)
        {
            _unverified ??= $"{when}: {verified.ToLine()}, where the source has {expected.Rows} rows at {expected.Position.Revision}";
        }
    }

    /// <summary>What became of the guarantees.</summary>
    /// <param name="after">What they were checked after, for people.</param>
    public IEnumerable<Verdict> ToVerdicts(string after) =>
    [
        new Verdict("TheReplicaIsTheSource", $"{Count:n0} times, position and all rows, {after}", _unequal),
        new Verdict("VerifySaysSo", $"{Count:n0} times, by range hashes", _unverified),
    ];
}
