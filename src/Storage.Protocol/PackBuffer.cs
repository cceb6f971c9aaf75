using System.Buffers;
using WsStorage.Protocol.Messages;

namespace WsStorage.Protocol;

/// <summary>
/// Messages gathered to be sent together: <c>pack = *( length message ) separator type</c>. Can be sent as one WebSocket
/// message, or, to a peer that does not take packs, message by message. Not thread-safe; its memory is rented, so dispose
/// it.
/// </summary>
/// <param name="packType">The type of the pack: <see cref="MessageType.ClientPack"/> or
/// <see cref="MessageType.ServerPack"/>.</param>
public sealed class PackBuffer(MessageType packType) : IDisposable
{
    // Room for the trailer of the pack is kept from the start, so that closing never moves the memory.
    private const int TrailerBytes = 2;
    private const int MaxMessages = 128;
    private const int MaxBytes = 60 * 1024;

    private readonly PackPlaces _places = new();
    private byte[] _buffer = [];
    private PackRun _run;

    /// <summary>How many messages there are, a repeat counted as one.</summary>
    public int Count { get; private set; }

    /// <summary>The bytes of the messages and their lengths.</summary>
    public int ByteCount { get; private set; }

    /// <summary>How many bytes of memory it holds.</summary>
    public int Capacity => _buffer.Length;

    /// <summary>Whether there is no message.</summary>
    public bool IsEmpty => Count == 0;

    /// <summary>The length of the longest message, in bytes.</summary>
    public int LongestMessageBytes { get; private set; }

    /// <summary>
    /// Whether a message should be added to this pack, rather than to the next: a larger pack could not be answered while
    /// the next is under way, and would outgrow what the peer takes.
    /// </summary>
    /// <param name="bodyLength">The length of the message's body.</param>
    /// <returns>Whether it should.</returns>
    public bool HasRoomFor(int bodyLength) =>
        Count < MaxMessages && HasBytesFor(bodyLength);

    /// <summary>Whether a message that nobody answers should be added: only its bytes count.</summary>
    /// <param name="bodyLength">The length of the message's body.</param>
    /// <returns>Whether it should.</returns>
    public bool HasBytesFor(int bodyLength) =>
        Count == 0 || ByteCount + (long)bodyLength + ProtocolConstants.MaxTrailerBytes <= MaxBytes;

    /// <summary>Whether the messages of another pack should be added to this one, rather than sent after it.</summary>
    /// <param name="other">The other pack.</param>
    /// <returns>Whether they should.</returns>
    public bool HasRoomFor(PackBuffer other) =>
        Count + other.Count <= MaxMessages && ByteCount + (long)other.ByteCount <= MaxBytes;

    /// <summary>Adds a message.</summary>
    /// <typeparam name="TMessage">Its type.</typeparam>
    /// <param name="message">The message; copied.</param>
    /// <param name="id">Its id.</param>
    public void Append<TMessage>(in TMessage message, RequestId id)
        where TMessage : IMessage, allows ref struct => Write(message, id);

    /// <summary>Adds a message that may have to be repeated under another id.</summary>
    /// <typeparam name="TMessage">Its type.</typeparam>
    /// <param name="message">The message; copied.</param>
    /// <param name="id">Its id.</param>
    public void AppendRepeatable<TMessage>(in TMessage message, RequestId id)
        where TMessage : IRepeatableMessage, allows ref struct
    {
        int start = Write(message, id);
        _places.Add(message.Number, new PackPlace(Count - 1, start));
    }

    /// <summary>Adds a message, if the same is there under another id, by naming that in a <see cref="RepeatMessage"/>. For a peer
    /// that has said that it takes them.</summary>
    /// <typeparam name="TMessage">Its type.</typeparam>
    /// <param name="message">The message.</param>
    /// <param name="id">Its id.</param>
    /// <returns>Whether it is added.</returns>
    public bool TryRepeat<TMessage>(in TMessage message, RequestId id)
        where TMessage : IRepeatableMessage, allows ref struct
    {
        PackPlace place = _places.Find(message.Number);
        if (place.IsNone
            || !HasBytesFor(RepeatMessage.MaxBytes)
            || !message.IsWrittenAt(_buffer.AsSpan(place.Start, ByteCount - place.Start)))
        {
            return false;
        }

        if (_run.CanTakeUp(place.Index, id, Count - 1))
        {
            Lengthen();
        }
        else
        {
            _run = new PackRun(id, Count, ByteCount, place.Index, Count: 1);
            Write(new RepeatMessage(_run.Index - _run.First, _run.Count), id);
        }

        return true;
    }

    /// <summary>Adds a message whose body is written already.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="body">Its body; copied.</param>
    /// <param name="id">Its id.</param>
    public void Append(MessageType type, ReadOnlySpan<byte> body, RequestId id)
    {
        Span<byte> free = Reserve(Envelope.MeasureMessage(body.Length, id));
        body.CopyTo(free);
        Envelope.WriteTrailer(free[body.Length..], type, id);
    }

    /// <summary>Adds the messages of another buffer.</summary>
    /// <param name="other">The buffer; copied.</param>
    public void Append(PackBuffer other)
    {
        EnsureFree(other.ByteCount);
        other._buffer.AsSpan(0, other.ByteCount).CopyTo(_buffer.AsSpan(ByteCount));
        ByteCount += other.ByteCount;
        Count += other.Count;
        LongestMessageBytes = Math.Max(LongestMessageBytes, other.LongestMessageBytes);
    }

    /// <summary>Closes the pack.</summary>
    /// <returns>The whole pack, or its only message bare; valid until the buffer is changed.</returns>
    public ReadOnlyMemory<byte> ToMessage()
    {
        if (Count == 1)
        {
            return _buffer.AsMemory(ByteCount - LongestMessageBytes, LongestMessageBytes);
        }

        Envelope.WriteTrailer(_buffer.AsSpan(ByteCount), packType, RequestId.None);
        return _buffer.AsMemory(0, ByteCount + TrailerBytes);
    }

    /// <summary>Walks the messages one by one.</summary>
    /// <returns>The walker; what it gives is valid until the buffer is changed.</returns>
    public PackReader GetMessages() => new(_buffer.AsMemory(0, ByteCount));

    /// <summary>Empties the buffer and keeps its memory.</summary>
    public void Clear()
    {
        ByteCount = 0;
        Count = 0;
        LongestMessageBytes = 0;
        _places.Clear();
        _run = default;
    }

    /// <summary>Empties the buffer and gives its memory back.</summary>
    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        Clear();
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Writes a message.</summary>
    /// <returns>Where its body begins.</returns>
    private int Write<TMessage>(in TMessage message, RequestId id)
        where TMessage : IMessage, allows ref struct
    {
        int bodyLength = message.BodyLength;
        int length = Envelope.MeasureMessage(bodyLength, id);
        Span<byte> free = Reserve(length);
        var writer = new BodyWriter(free[..bodyLength]);
        message.WriteBody(ref writer);
        if (writer.Written != bodyLength)
        {
            throw new InvalidOperationException($"A {message.Type} announced {bodyLength} bytes and wrote {writer.Written}.");
        }

        Envelope.WriteTrailer(free[bodyLength..], message.Type, id);
        return ByteCount - length;
    }

    /// <summary>Lets the repeat that is the last message repeat one more.</summary>
    private void Lengthen()
    {
        _run = _run with { Count = _run.Count + 1 };
        int width = Varint.Length((ulong)_run.Count);
        if (width == Varint.Length((ulong)_run.Count - 1))
        {
            // Its count is the last field.
            Varint.Write(_buffer.AsSpan(ByteCount - Envelope.MeasureMessage(width, _run.Id)), (ulong)_run.Count);
            return;
        }

        ByteCount = _run.Start;
        Count--;
        Write(new RepeatMessage(_run.Index - _run.First, _run.Count), _run.Id);
    }

    private Span<byte> Reserve(int length)
    {
        int prefix = Varint.Length((ulong)length);
        EnsureFree(prefix + length);
        Varint.Write(_buffer.AsSpan(ByteCount), (ulong)length);
        Span<byte> free = _buffer.AsSpan(ByteCount + prefix, length);
        ByteCount += prefix + length;
        Count++;
        LongestMessageBytes = Math.Max(LongestMessageBytes, length);
        return free;
    }

    private void EnsureFree(int count)
    {
        int needed = checked(ByteCount + count + TrailerBytes);
        if (needed > _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(4096, _buffer.Length * 4)));
            _buffer.AsSpan(0, ByteCount).CopyTo(larger);
            if (_buffer.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
            }

            _buffer = larger;
        }
    }
}
