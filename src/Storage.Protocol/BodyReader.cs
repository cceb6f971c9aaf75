using System.Text;
using System.Text.Unicode;

namespace WsStorage.Protocol;

/// <summary>Reads the fields of a body. A body that is cut short or makes no sense is a protocol error.</summary>
/// <param name="body">The body.</param>
public ref struct BodyReader(ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> _rest = body;

    /// <summary>The bytes not read yet.</summary>
    public readonly int Remaining => _rest.Length;

    /// <summary>Reads an unsigned number.</summary>
    /// <returns>The number.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public ulong ReadVarint()
    {
        if (!Varint.TryRead(_rest, out ulong value, out int used))
        {
            throw Malformed("a number is cut short or not in its shortest form");
        }

        _rest = _rest[used..];
        return value;
    }

    /// <summary>Reads a number that counts bytes or things.</summary>
    /// <param name="field">What it counts, for the error.</param>
    /// <param name="max">The most that is allowed.</param>
    /// <returns>The number.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public int ReadInt32(string field, int max = int.MaxValue)
    {
        ulong value = ReadVarint();
        return value <= (ulong)max ? (int)value : throw Malformed($"{field} is {value}; at most {max} is allowed");
    }

    /// <summary>Reads a number that is signed where it is used, and never negative.</summary>
    /// <param name="field">What it is, for the error.</param>
    /// <returns>The number.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public long ReadInt64(string field)
    {
        ulong value = ReadVarint();
        return value <= long.MaxValue ? (long)value : throw Malformed($"{field} is {value}; at most {long.MaxValue} is allowed");
    }

    /// <summary>Reads a field of bytes.</summary>
    /// <returns>The bytes, a slice of the body.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public ReadOnlySpan<byte> ReadBytes()
    {
        ulong length = ReadVarint();
        if (length > (ulong)_rest.Length)
        {
            throw Malformed($"a field of {length} bytes is announced where {_rest.Length} are left");
        }

        ReadOnlySpan<byte> field = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return field;
    }

    /// <summary>Reads a field of text in UTF-8.</summary>
    /// <param name="field">What it is, for the error.</param>
    /// <param name="maxBytes">The most bytes that are allowed.</param>
    /// <returns>The text.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public string ReadText(string field, int maxBytes)
    {
        ReadOnlySpan<byte> bytes = ReadBytes();
        if (bytes.Length > maxBytes)
        {
            throw Malformed($"{field} is {bytes.Length} bytes long; at most {maxBytes} are allowed");
        }

        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw Malformed($"{field} is not valid UTF-8");
    }

    /// <summary>Reads an epoch.</summary>
    /// <returns>The epoch.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public Guid ReadEpoch() => ReadUuid("an epoch");

    /// <summary>Reads a UUID: a field of 16 bytes.</summary>
    /// <param name="field">What it is, for the error.</param>
    /// <returns>The UUID.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public Guid ReadUuid(string field)
    {
        ReadOnlySpan<byte> bytes = ReadBytes();
        return bytes.Length == 16 ? new Guid(bytes, bigEndian: true) : throw Malformed($"{field} is not 16 bytes long");
    }

    /// <summary>Reads a range of keys: its start and its end, copied.</summary>
    /// <returns>The range.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/> or
    /// <see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public KeyRange ReadRange()
    {
        ReadOnlySpan<byte> start = ReadBytes();
        ReadOnlySpan<byte> end = ReadBytes();

        // Before anything is copied.
        KeyRange.CheckBounds(start, end);
        return KeyRange.Between(start.ToArray(), end.ToArray());
    }

    /// <summary>Reads a time that is not negative, in milliseconds.</summary>
    /// <param name="field">What it is, for the error.</param>
    /// <returns>The time; one that is longer than the framework's is cut to it.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public TimeSpan ReadMilliseconds(string field) => ToTimeSpan(ReadInt64(field));

    /// <summary>Reads a position: epoch, revision, hash.</summary>
    /// <returns>The position.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public Position ReadPosition()
    {
        Guid epoch = ReadEpoch();
        var revision = new Revision(ReadVarint());
        return new Position(epoch, revision, ReadVarint());
    }

    /// <summary>Demands that the body ends here.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public readonly void ExpectEnd()
    {
        if (!_rest.IsEmpty)
        {
            throw Malformed($"{_rest.Length} bytes follow the last field");
        }
    }

    /// <summary>The time of a number of milliseconds, cut to the longest of the framework.</summary>
    internal static TimeSpan ToTimeSpan(long milliseconds) =>
        milliseconds <= (long)TimeSpan.MaxValue.TotalMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : TimeSpan.MaxValue;

    /// <summary>The body makes no sense.</summary>
    /// <param name="what">What is wrong with it.</param>
    /// <returns>The exception, to be thrown.</returns>
    public static StorageException Malformed(string what) =>
        new(StorageErrorCode.ProtocolError, $"The body of a message is malformed: {what}.");
}
