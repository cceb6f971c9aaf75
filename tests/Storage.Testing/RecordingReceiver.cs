namespace WsStorage.Testing;

/// <summary>Keeps a copy of what <see cref="IBatchStorage.ReadMany"/> hands out, and in which order.</summary>
public sealed class RecordingReceiver : IValueReceiver
{
    private readonly List<byte[]?> _values = [];
    private readonly List<int> _order = [];

    /// <summary>The revision; <see langword="null"/> until it has been told.</summary>
    public Revision? Revision { get; private set; }

    /// <summary>The values, <see langword="null"/> for an absent key, in the order of the calls.</summary>
    public IReadOnlyList<byte[]?> Values => _values;

    /// <summary>The indexes, in the order of the calls.</summary>
    public IReadOnlyList<int> Order => _order;

    /// <inheritdoc/>
    public void OnRevision(Revision revision)
    {
        Assert.That(Revision, Is.Null, "the revision is told once");
        Revision = revision;
    }

    /// <inheritdoc/>
    public void OnValue(int index, ReadOnlySpan<byte> value) => Add(index, value.ToArray());

    /// <inheritdoc/>
    public void OnMissing(int index) => Add(index, value: null);

    private void Add(int index, byte[]? value)
    {
        Assert.That(Revision, Is.Not.Null, "the revision is told before any value");
        _order.Add(index);
        _values.Add(value);
    }
}
