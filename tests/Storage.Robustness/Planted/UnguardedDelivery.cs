namespace WsStorage.Robustness.Planted;

/// <summary>
/// A target for an outbox that believes what the outbox has noted in its own store, in the place of a marker that moves with each
/// delivery: what was delivered and not noted when the producer was killed is delivered again.
/// </summary>
internal sealed class UnguardedDelivery : StorageDecorator
{
    private const int MarkerBytes = 16;

    private byte[]? _marker;

    private UnguardedDelivery(IStorage inner, byte[]? marker)
        : base(inner) => _marker = marker;

    /// <summary>Begins with what the local store of the outbox says.</summary>
    public static async Task<UnguardedDelivery> CreateAsync(IStorage inner, IStorage local)
    {
        byte[]? noted = (await local.GetAsync("f/delivered"u8.ToArray())).Value;
        return new UnguardedDelivery(inner, noted is [.., 1] ? noted[..MarkerBytes] : null);
    }

    public override ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        ReservedKeys.Range.Contains(key.Span)
            ? ValueTask.FromResult(new GetResult(Volatile.Read(ref _marker), Revision.None))
            : base.GetAsync(key, cancellationToken);

    public override async ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default)
    {
        WriteBatch unguarded = new WriteBatch().Load(default, batch.PackedOperations);
        WriteResult result = await Inner.WriteAsync(unguarded, cancellationToken);
        foreach (BatchOperation operation in batch.Operations)
        {
            if (ReservedKeys.Range.Contains(operation.Key))
            {
                Volatile.Write(ref _marker, operation.Value.ToArray());
            }
        }

        return result;
    }
}
