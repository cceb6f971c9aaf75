using System.Buffers;

namespace WsStorage;

/// <summary>What a checkpoint is made of.</summary>
public sealed record CheckpointInfo
{
    /// <summary>The most bytes that are read at a time: 1 MiB.</summary>
    public const int MaxPieceBytes = 1024 * 1024;

    /// <summary>Names it in later calls.</summary>
    public required Guid Id { get; init; }

    /// <summary>What kind of files it has: <c>rocksdb</c>.</summary>
    public required string Format { get; init; }

    /// <summary>It holds all up to this position, and perhaps a little more.</summary>
    public required Position Position { get; init; }

    /// <summary>Its files. A name has no path (<see cref="CheckpointFile.IsName"/>).</summary>
    public required IReadOnlyList<CheckpointFile> Files { get; init; }

    /// <summary>The bytes of all of its files.</summary>
    public long ByteCount => Files.Sum(f => f.Length);
}

/// <summary>A file of a checkpoint.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Length">How many bytes it has.</param>
public readonly record struct CheckpointFile(string Name, long Length)
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxNameLength = 255;

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>Whether a text may be the name of a file, so that it names one in its directory and nowhere else.</summary>
    /// <param name="name">The text.</param>
    /// <returns>Whether it is 1 to 255 letters of ASCII, digits, <c>.</c>, <c>_</c> and <c>-</c>, and begins with neither
    /// <c>.</c> nor <c>-</c>.</returns>
    public static bool IsName(ReadOnlySpan<char> name) =>
        name.Length is > 0 and <= MaxNameLength && name[0] is not ('.' or '-') && !name.ContainsAnyExcept(NameCharacters);
}

/// <summary>A piece of a file of a checkpoint.</summary>
/// <param name="Bytes">The bytes.</param>
/// <param name="Hash">Their <see cref="XxHash64"/> with seed 0, taken where they were read from the disk.</param>
public readonly record struct CheckpointPiece(ReadOnlyMemory<byte> Bytes, ulong Hash);
