namespace WsStorage.Robustness.Planted;

/// <summary>
/// Makes a cache behave as if it did not mark the reads that are under way: holds some answers back until the watch has told more,
/// and then says that they are as new as that.
/// </summary>
internal sealed class UnmarkedFill(IStorage inner) : StorageDecorator(inner)
{
    private const int Every = 8;
    private const int Later = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Milestone _told = new();
    private int _reads;

    public override async ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        GetResult answer = await Inner.GetAsync(key, cancellationToken);
        if (Interlocked.Increment(ref _reads) % Every != 0)
        {
            return answer;
        }

        long later = (long)answer.Revision.Value + Later;
        await Task.WhenAny(_told.ReachedAsync(later), Task.Delay(Patience, cancellationToken));
        return answer with { Revision = new Revision(Math.Max(answer.Revision.Value, (ulong)_told.Value)) };
    }

    public override async IAsyncEnumerable<WatchEvent> WatchAsync(
        WatchOptions options, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (WatchEvent told in Inner.WatchAsync(options, cancellationToken))
        {
            yield return told;
            _told.AdvanceTo((long)told.Revision.Value);
        }
    }
}
