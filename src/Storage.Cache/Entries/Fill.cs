namespace WsStorage.Cache.Entries;

/// <summary>
/// A read that is under way to the source, registered before it is sent, so that what the watch passes meanwhile is known when
/// the answer comes. Its state is guarded by the lock of its key's shard.
/// </summary>
/// <param name="key">The key; nobody else's memory.</param>
/// <param name="hash">The key's hash.</param>
/// <param name="startedAt">When it is sent, by the clock's timestamp.</param>
/// <param name="generation">The generation of what was seen when it is sent.</param>
/// <param name="isShared">Whether others may wait for its answer.</param>
internal sealed class Fill(byte[] key, int hash, long startedAt, int generation, bool isShared)
{
    private readonly TaskCompletionSource<GetResult>? _answer =
        isShared ? new(TaskCreationOptions.RunContinuationsAsynchronously) : null;

    public byte[] Key { get; } = key;

    public int Hash { get; } = hash;

    public long StartedAt { get; } = startedAt;

    public int Generation { get; } = generation;

    /// <summary>The answer, for those who wait; whose array belongs to none of them once <see cref="HasTakers"/>.</summary>
    public Task<GetResult> Answer => _answer!.Task;

    /// <summary>Whether others may wait for the answer.</summary>
    public bool IsShared => _answer is not null;

    /// <summary>An answer of a revision before this one may lack what the watch had passed before the fill was registered.</summary>
    public ulong Floor { get; set; }

    /// <summary>The last change of the key that the watch has passed since; 0 for none.</summary>
    public ulong ChangedAt { get; set; }

    /// <summary>
    /// Another read of the key was answered since: which of the two answers is the newer one is not known, since the revision
    /// of an answer is only a lower bound.
    /// </summary>
    public bool IsOvertaken { get; set; }

    /// <summary>What it brings must not be kept, whatever it is: nobody watches, or it is to be read again.</summary>
    public bool IsVoid { get; set; }

    /// <summary>Whether the cache or another reader has the answer's array too.</summary>
    public bool HasTakers { get; set; }

    /// <summary>The next fill of the same key.</summary>
    public Fill? Next { get; set; }

    public void Succeed(GetResult answer) => _answer!.SetResult(answer);

    public void Fail(Exception exception)
    {
        _answer!.SetException(exception);

        // All who waited may have given up: then nobody else looks at it.
        _ = _answer.Task.Exception;
    }
}
