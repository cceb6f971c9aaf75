using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace WsStorage.Cli.Demo;

/// <summary>Which numbered record stands at which revision. Not thread-safe.</summary>
internal sealed class RecordBook
{
    private readonly SortedDictionary<long, ulong> _revisions = [];

    /// <summary>How many records there are.</summary>
    public long Count => _revisions.Count;

    /// <summary>How many came more than once.</summary>
    public long Doubled { get; private set; }

    /// <summary>Notes a record.</summary>
    public void Add(long number, Revision revision)
    {
        if (!_revisions.TryAdd(number, revision.Value))
        {
            Doubled++;
        }
    }

    /// <summary>All of it, in one hash: two books with the same hash have the same records at the same revisions.</summary>
    public RecordDigest ToDigest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((long number, ulong revision) in _revisions)
        {
            hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{number} {revision}\n")));
        }

        return new RecordDigest(Count, Doubled, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}

/// <summary>What a <see cref="RecordBook"/> holds.</summary>
/// <param name="Count">How many records.</param>
/// <param name="Doubled">How many came more than once.</param>
/// <param name="Sha256">Of all numbers with their revisions, in order.</param>
internal sealed record RecordDigest(long Count, long Doubled, string Sha256);
