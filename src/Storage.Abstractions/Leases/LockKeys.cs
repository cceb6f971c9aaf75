using System.Text;

namespace WsStorage.Leases;

/// <summary>
/// Where locks and numbers lie in the store. Under <see cref="ReservedKeys.Prefix"/>, <c>lock/&lt;name&gt;</c> is there while a
/// lock is held, and <c>number/&lt;prefix&gt;</c>, a zero byte and a number of 8 bytes, big endian, while the number is.
/// </summary>
internal static class LockKeys
{
    private const int MaxNameBytes = 1024;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static byte[] Lock(string name) =>
        ReservedKeys.Combine("lock/"u8, ToBytes("A lock's name", name, least: 1));

    public static byte[] NumbersOf(string prefix)
    {
        byte[] bytes = ToBytes("A prefix", prefix, least: 0);
        return !bytes.AsSpan().Contains((byte)0)
            ? ReservedKeys.Combine("number/"u8, [.. bytes, 0])
            : throw StorageException.InvalidArgument("A prefix for numbers holds a zero character; it must not.");
    }

    private static byte[] ToBytes(string what, string text, int least)
    {
        byte[] bytes;
        try
        {
            bytes = Utf8.GetBytes(text);
        }
        catch (EncoderFallbackException exception)
        {
            throw new StorageException(
                StorageErrorCode.InvalidArgument, $"{what} is no text that UTF-8 can hold.", WriteOutcome.NotApplied, exception);
        }

        return bytes.Length >= least && bytes.Length <= MaxNameBytes
            ? bytes
            : throw StorageException.InvalidArgument($"{what} has {bytes.Length} bytes in UTF-8; it must have {least} to {MaxNameBytes}.");
    }
}
