namespace WsStorage.Protocol;

/// <summary>Walks the messages in the body of a pack, without a copy.</summary>
/// <param name="body">The body.</param>
public struct PackReader(ReadOnlyMemory<byte> body)
{
    private ReadOnlyMemory<byte> _rest = body;

    /// <summary>The message reached by the last <see cref="MoveNext"/>.</summary>
    public ReadOnlyMemory<byte> Current { get; private set; }

    /// <summary>Walks from the start.</summary>
    /// <returns>A copy of this walker.</returns>
    public readonly PackReader GetEnumerator() => this;

    /// <summary>Goes on to the next message.</summary>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>: the pack is cut short.</exception>
    public bool MoveNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        if (!Varint.TryRead(_rest.Span, out ulong length, out int used) || length > (ulong)(_rest.Length - used))
        {
            throw BodyReader.Malformed("a pack is cut short within a message");
        }

        Current = _rest.Slice(used, (int)length);
        _rest = _rest[(used + (int)length)..];
        return true;
    }
}
