namespace WsStorage.Cli.Transfer;

/// <summary>
/// The numbers of the binary export format, which <c>docs/export-format.md</c> specifies: a header, blocks of rows, each
/// with a checksum that chains all before it, and an end with the number of rows, so that a cut is noticed.
/// </summary>
internal static class BinaryFormat
{
    public const byte Version = 1;
    public const byte Block = 1;
    public const byte End = 0;

    /// <summary>Version, epoch, revision.</summary>
    public const int HeaderFields = 1 + 16 + 8;

    public const int HashBytes = 8;

    /// <summary>The rows of a block, save for its last row, take at most this.</summary>
    public const int MaxPageBytes = 1024 * 1024;

    /// <summary>
    /// Begins with a byte that no text begins with and holds both kinds of line end: a transfer that treats the file as text
    /// is noticed at once (the trick of PNG, ISO/IEC 15948, 5.2).
    /// </summary>
    public static ReadOnlySpan<byte> Magic => [0x89, (byte)'W', (byte)'S', (byte)'X', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>The most bytes that the rows of a block can take.</summary>
    public static int MaxBlockBytes(StorageLimits limits) =>
        (int)Math.Min(int.MaxValue, (long)MaxPageBytes + StorageLimits.MaxKeyBytes + limits.MaxValueBytes + (2 * Varint.MaxLength));
}
