using System.Text;

namespace WsStorage.Core.Followers;

/// <summary>
/// For whom an engine keeps history (<see cref="IStorage.KeepHistoryAsync"/>), and after which revision. Thread-safe; times are
/// milliseconds since 1970 UTC.
/// </summary>
public sealed class FollowerTable
{
    /// <summary>How many followers there may be: 1,000.</summary>
    public const int MaxFollowers = 1000;

    /// <summary>The longest name, in bytes of UTF-8.</summary>
    public const int MaxNameBytes = 256;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Follower> _followers = new(StringComparer.Ordinal);

    /// <summary>Refuses a call that makes no sense.</summary>
    /// <param name="follower">The name.</param>
    /// <param name="duration">For how long history is to be kept.</param>
    /// <returns>The name in UTF-8.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public static byte[] Check(string follower, TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(follower);
        if (duration < TimeSpan.Zero)
        {
            throw StorageException.InvalidArgument($"History is to be kept for {duration}; that can't be negative.");
        }

        byte[] name;
        try
        {
            name = Strict.GetBytes(follower);
        }
        catch (EncoderFallbackException)
        {
            throw StorageException.InvalidArgument("A follower's name is not a text that UTF-8 can hold.");
        }

        return name.Length is >= 1 and <= MaxNameBytes
            ? name
            : throw StorageException.InvalidArgument($"A follower's name has {name.Length} bytes in UTF-8; it must have 1 to {MaxNameBytes}.");
    }

    /// <summary>Refuses to keep what can't be kept.</summary>
    /// <param name="follower">The name.</param>
    /// <param name="after">What the follower has reached.</param>
    /// <param name="compacted">History at or below it is gone.</param>
    /// <param name="head">The revision of the store.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Compacted"/>,
    /// <see cref="StorageErrorCode.InvalidArgument"/> or <see cref="StorageErrorCode.LimitExceeded"/>.</exception>
    public void CheckKeep(string follower, Revision after, Revision compacted, Revision head, long now)
    {
        if (after > head)
        {
            throw StorageException.InvalidArgument(
                $"History is to be kept after revision {after}, and the store is at {head}; a follower can't be ahead of it.");
        }

        if (after < compacted)
        {
            throw new StorageException(
                StorageErrorCode.Compacted,
                $"History is to be kept after revision {after}, and it is gone up to {compacted}. Read anew, and follow from there.");
        }

        lock (_gate)
        {
            if (!_followers.ContainsKey(follower) && _followers.Values.Count(each => each.Expires > now) >= MaxFollowers)
            {
                throw new StorageException(
                    StorageErrorCode.LimitExceeded,
                    $"History is kept for {MaxFollowers} followers already, which is the most. Let those go that don't come back, with a duration of zero.");
            }
        }
    }

    /// <summary>Refuses to compact what is kept for a follower.</summary>
    /// <param name="through">What is to be gone: everything up to this revision.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public void CheckCompact(Revision through, long now)
    {
        if (FindLeast(now) is { } least && least.After < through)
        {
            throw StorageException.InvalidArgument(
                $"History can't be compacted through revision {through}: it is kept after {least.After} for the follower {least.Name}. Compact less, let the follower go, or ignore followers.");
        }
    }

    /// <summary>Keeps history for a follower, in the place of what was kept for it before.</summary>
    /// <param name="follower">The name.</param>
    /// <param name="after">What it has reached.</param>
    /// <param name="expires">Until when.</param>
    public void Set(string follower, Revision after, long expires)
    {
        lock (_gate)
        {
            _followers[follower] = new Follower(follower, after, expires);
        }
    }

    /// <summary>Keeps nothing more for a follower.</summary>
    /// <param name="follower">The name; may be unknown.</param>
    public void Remove(string follower)
    {
        lock (_gate)
        {
            _followers.Remove(follower);
        }
    }

    /// <summary>How many followers history is kept for.</summary>
    /// <param name="now">The time.</param>
    /// <returns>The number.</returns>
    public int Count(long now)
    {
        lock (_gate)
        {
            return _followers.Values.Count(each => each.Expires > now);
        }
    }

    /// <summary>After which revision all history is to be kept.</summary>
    /// <param name="now">The time.</param>
    /// <returns>The revision; none without followers.</returns>
    public Revision? Least(long now) => FindLeast(now)?.After;

    /// <summary>Which followers hold nothing: their time is over, or their history gone.</summary>
    /// <param name="compacted">History at or below it is gone.</param>
    /// <param name="now">The time.</param>
    /// <returns>The followers.</returns>
    public IReadOnlyList<IdleFollower> FindIdle(Revision compacted, long now)
    {
        lock (_gate)
        {
            return [.. _followers.Values
                .Where(each => each.Expires <= now || each.After < compacted)
                .Select(each => new IdleFollower(each.Name, IsOverrun: each.Expires > now))];
        }
    }

    private Follower? FindLeast(long now)
    {
        lock (_gate)
        {
            // Asked while groups are published: it allocates nothing.
            Follower? least = null;
            foreach (Follower each in _followers.Values)
            {
                least = each.Expires > now && (least is null || each.After < least.After) ? each : least;
            }

            return least;
        }
    }

    private sealed record Follower(string Name, Revision After, long Expires);
}

/// <summary>A follower that holds nothing any more.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsOverrun">Whether its history is gone though its time is not over.</param>
public readonly record struct IdleFollower(string Name, bool IsOverrun);
