namespace WsStorage;

/// <summary>
/// Keys that the library keeps in the store beside those of its users. They are ordinary keys: read, watched and exported
/// like any other. No text in UTF-8 begins like them.
/// </summary>
public static class ReservedKeys
{
    /// <summary>What they begin with: the byte 0xFF, then <c>wsstorage/</c>.</summary>
    public static ReadOnlySpan<byte> Prefix =>
        [0xFF, (byte)'w', (byte)'s', (byte)'s', (byte)'t', (byte)'o', (byte)'r', (byte)'a', (byte)'g', (byte)'e', (byte)'/'];

    /// <summary>All of them.</summary>
    public static KeyRange Range { get; } = KeyRange.Prefix(Prefix.ToArray());

    internal static byte[] Combine(ReadOnlySpan<byte> name, ReadOnlySpan<byte> rest) => [.. Prefix, .. name, .. rest];
}
