namespace WsStorage.Protocol.Tests;

internal static class Varints
{
    public static byte[] Encode(ulong value)
    {
        Span<byte> buffer = stackalloc byte[Varint.MaxLength];
        return buffer[..Varint.Write(buffer, value)].ToArray();
    }
}
