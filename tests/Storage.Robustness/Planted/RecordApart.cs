using System.Collections.Concurrent;

namespace WsStorage.Robustness.Planted;

/// <summary>
/// Keeps the outcomes of numbered writes in memory, where a kill loses them while the effects stay: what is sent again after
/// it is applied again. Acknowledges a little late, so that there is something to be sent again. Only for short runs: it
/// forgets nothing by itself.
/// </summary>
internal sealed class RecordApart(IExactlyOnceStorage inner) : ExactlyOnceDecorator(inner)
{
    private static readonly TimeSpan Lateness = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<(Guid Session, ulong Number), WriteResult> _outcomes = new();
    private readonly ConcurrentDictionary<Guid, ulong> _lastNumbers = new();

    public override ulong GetLastNumber(Guid session) => _lastNumbers.GetValueOrDefault(session);

    public override async ValueTask WriteManyAsync(
        ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, CancellationToken cancellationToken = default)
    {
        for (int i = 0; i < batches.Length; i++)
        {
            WriteResult result = await WriteOnceAsync(batches.Span[i]);
            results.Span[i] = result;
        }

        await Task.Delay(Lateness, CancellationToken.None);
    }

    private async ValueTask<WriteResult> WriteOnceAsync(WriteBatch batch)
    {
        if (batch.Stamp is not { } stamp)
        {
            return await Store.WriteAsync(batch);
        }

        if (_outcomes.TryGetValue((stamp.Session, stamp.Number), out WriteResult known))
        {
            return known;
        }

        WriteResult result = await Store.WriteAsync(Copy(batch, null));
        _outcomes[(stamp.Session, stamp.Number)] = result;
        _lastNumbers.AddOrUpdate(stamp.Session, stamp.Number, (_, last) => Math.Max(last, stamp.Number));
        return result;
    }
}
