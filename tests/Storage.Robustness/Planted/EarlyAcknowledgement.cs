namespace WsStorage.Robustness.Planted;

/// <summary>
/// Acknowledges writes at once, at the revisions that they will have, and commits them a little later: what was acknowledged
/// last is lost when the process is killed. For loads without preconditions.
/// </summary>
internal sealed class EarlyAcknowledgement : ExactlyOnceDecorator
{
    private static readonly TimeSpan Lateness = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private Revision _last;
    private Task _committing = Task.CompletedTask;

    private EarlyAcknowledgement(IExactlyOnceStorage inner, Revision last)
        : base(inner) => _last = last;

    public static async Task<EarlyAcknowledgement> CreateAsync(IExactlyOnceStorage inner) =>
        new(inner, (await inner.GetInfoAsync()).Revision);

    public override ValueTask WriteManyAsync(
        ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, CancellationToken cancellationToken = default)
    {
        WriteBatch[] copies = [.. batches.ToArray().Select(batch => Copy(batch, batch.Stamp))];
        lock (_gate)
        {
            for (int i = 0; i < copies.Length; i++)
            {
                _last = _last.Next;
                results.Span[i] = WriteResult.AppliedAt(_last);
            }

            _committing = CommitLaterAsync(_committing, copies);
        }

        return ValueTask.CompletedTask;
    }

    private async Task CommitLaterAsync(Task before, WriteBatch[] batches)
    {
        await Task.Delay(Lateness);
        await before;
        await Store.WriteManyAsync(batches, new WriteResult[batches.Length]);
    }
}
