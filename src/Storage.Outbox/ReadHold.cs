namespace WsStorage.Outbox;

/// <summary>
/// What a read sees of the pending records. Until it is disposed of, their values stay in the local store; until
/// <see cref="ReleaseDelivery"/>, where it was asked for, the target gets nothing that the read has not in view, so that what the
/// read takes from there and what it takes from here are of one moment.
/// </summary>
internal sealed class ReadHold(PendingRecords records, Overlay overlay, ulong floor, ulong? ceiling) : IDisposable
{
    private ulong? _ceiling = ceiling;
    private bool _isDisposed;

    public Overlay Overlay => overlay;

    /// <summary>The target has answered: delivery goes on.</summary>
    public void ReleaseDelivery()
    {
        if (_ceiling is { } held)
        {
            _ceiling = null;
            records.Release(floor, held);
        }
    }

    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            ReleaseDelivery();
            records.Release(floor, ceiling: null);
        }
    }
}
