namespace WsStorage.RocksDb.Reading;

/// <summary>Copies the values of a many-get into arrays.</summary>
/// <param name="count">How many keys there are.</param>
internal sealed class ArrayReceiver(int count) : IValueReceiver
{
    private readonly byte[]?[] _values = new byte[]?[count];
    private Revision _revision;

    /// <summary>What was received.</summary>
    public GetManyResult Result => new(_values, _revision);

    public void OnRevision(Revision revision) => _revision = revision;

    public void OnValue(int index, ReadOnlySpan<byte> value) => _values[index] = value.ToArray();

    public void OnMissing(int index) => _values[index] = null;
}
