using System.Buffers;

namespace WsStorage.Transport;

/// <summary>
/// Gathers messages one after the other in rented memory, where they stay until released. A message that outgrows its
/// memory moves to larger memory; those before it stay where they are.
/// </summary>
internal sealed class ReceiveBuffer : IDisposable
{
    private const int InitialBytes = 32 * 1024;
    private const int LeastFreeBytes = 4 * 1024;

    private readonly List<byte[]> _outgrown = [];
    private byte[] _current = [];
    private int _start;
    private int _end;

    public int MessageLength => _end - _start;

    public void BeginMessage() => _start = _end;

    public Memory<byte> GetFree()
    {
        if (_current.Length - _end < LeastFreeBytes)
        {
            Grow();
        }

        return _current.AsMemory(_end);
    }

    public void Advance(int count) => _end += count;

    public ReadOnlyMemory<byte> EndMessage()
    {
        ReadOnlyMemory<byte> message = _current.AsMemory(_start, MessageLength);
        _start = _end;
        return message;
    }

    /// <summary>Gives back the memory of all messages but the last, which is always in the current memory.</summary>
    public void Release()
    {
        foreach (byte[] buffer in _outgrown)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _outgrown.Clear();
    }

    public void Dispose()
    {
        Release();
        byte[] current = _current;
        _current = [];
        if (current.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(current);
        }
    }

    private void Grow()
    {
        int partial = MessageLength;
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(InitialBytes, (partial * 2) + LeastFreeBytes));
        _current.AsSpan(_start, partial).CopyTo(larger);
        if (_current.Length > 0)
        {
            _outgrown.Add(_current);
        }

        _current = larger;
        _start = 0;
        _end = partial;
    }
}
