using System.Buffers;

namespace WsStorage.Transport;

/// <summary>
/// Gathers one message after the other. Each begins in a little memory that is kept, and moves to rented memory when it outgrows
/// it: a connection that waits for a message holds next to nothing.
/// </summary>
internal sealed class ReceiveBuffer : IDisposable
{
    private const int KeptBytes = 1024;
    private const int LeastRentedBytes = 32 * 1024;
    private const int LeastFreeBytes = 4 * 1024;
    private const int MostExpectedBytes = 1024 * 1024;

    private readonly byte[] _kept = new byte[KeptBytes];
    private byte[] _current;
    private int _expected;

    public ReceiveBuffer() => _current = _kept;

    public int MessageLength { get; private set; }

    public ReadOnlyMemory<byte> Message => _current.AsMemory(0, MessageLength);

    /// <summary>Forgets the message before.</summary>
    public void BeginMessage()
    {
        Dispose();
        _expected = Math.Min(MostExpectedBytes, Math.Max(MessageLength, _expected / 2));
        MessageLength = 0;
    }

    public Memory<byte> GetFree()
    {
        int least = _current == _kept ? 1 : LeastFreeBytes;
        if (_current.Length - MessageLength < least)
        {
            Grow();
        }

        return _current.AsMemory(MessageLength);
    }

    public void Advance(int count) => MessageLength += count;

    public void Dispose()
    {
        byte[] current = _current;
        _current = _kept;
        if (current != _kept)
        {
            ArrayPool<byte>.Shared.Return(current);
        }
    }

    private void Grow()
    {
        // After a large message one as large is likely: it is not moved again and again while it grows.
        int length = Math.Max(MessageLength * 2, _expected) + LeastFreeBytes;
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(LeastRentedBytes, length));
        Message.Span.CopyTo(larger);
        Dispose();
        _current = larger;
    }
}
