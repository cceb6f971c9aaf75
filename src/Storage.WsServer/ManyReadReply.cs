using System.Buffers;

namespace WsStorage.WsServer;

/// <summary>Builds the body of the answer to one get of many, from values where the engine holds them.</summary>
internal sealed class ManyReadReply : IValueReceiver, IDisposable
{
    private byte[] _buffer = [];
    private int _maxBytes;
    private int _count;

    /// <summary>The length that the body has, or would have if it had not been too large to build.</summary>
    public long Length { get; private set; }

    /// <summary>Whether the body is larger than allowed, and was not built.</summary>
    public bool IsTooLarge => Length > _maxBytes;

    /// <summary>The body; valid until the next use.</summary>
    public ReadOnlySpan<byte> Body => _buffer.AsSpan(0, (int)Length);

    /// <summary>Reads keys and builds the body.</summary>
    /// <param name="storage">Where from.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="maxBytes">The longest body allowed.</param>
    public void Read(IBatchStorage storage, ReadOnlyMemory<byte>[] keys, int maxBytes)
    {
        Length = 0;
        _maxBytes = maxBytes;
        _count = keys.Length;
        storage.ReadMany(keys, this);
    }

    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    void IValueReceiver.OnRevision(Revision revision)
    {
        AppendVarint(revision.Value);
        AppendVarint((ulong)_count);
    }

    void IValueReceiver.OnValue(int index, ReadOnlySpan<byte> value)
    {
        AppendVarint(1);
        AppendVarint((ulong)value.Length);
        if (TryReserve(value.Length))
        {
            value.CopyTo(_buffer.AsSpan((int)Length));
        }

        Length += value.Length;
    }

    void IValueReceiver.OnMissing(int index) => AppendVarint(0);

    private void AppendVarint(ulong value)
    {
        if (TryReserve(Varint.MaxLength))
        {
            Varint.Write(_buffer.AsSpan((int)Length), value);
        }

        Length += Varint.Length(value);
    }

    private bool TryReserve(int count)
    {
        long needed = Length + count;
        if (needed > (long)_maxBytes + Varint.MaxLength)
        {
            return false;
        }

        if (needed > _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Max(needed, Math.Max(4096, Math.Min(2L * _buffer.Length, Array.MaxLength))));
            Body.CopyTo(larger);
            Dispose();
            _buffer = larger;
        }

        return true;
    }
}
