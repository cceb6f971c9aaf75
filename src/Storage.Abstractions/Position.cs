using System.Globalization;

namespace WsStorage;

/// <summary>
/// An exact place in the history of one store, and a proof of what led there: two stores at equal positions have committed
/// the same batches.
/// </summary>
/// <param name="Epoch">The identity of the store: minted when it is created, and again when it is restored from a backup
/// or forked.</param>
/// <param name="Revision">How many batches lead here.</param>
/// <param name="Hash">A hash that chains every batch up to <paramref name="Revision"/>. It guards against accidents, not
/// against an attacker.</param>
public readonly record struct Position(Guid Epoch, Revision Revision, ulong Hash)
{
    /// <summary>A form to show, and to give back to <see cref="TryParse"/>.</summary>
    /// <returns><c>epoch/revision/hash</c>, the hash in hexadecimal.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch:D}/{Revision.Value}/{Hash:x16}");

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <param name="text">The text.</param>
    /// <param name="position">The position, when the text is one.</param>
    /// <returns>Whether the text is a position.</returns>
    public static bool TryParse(string? text, out Position position)
    {
        position = default;
        string[] parts = text?.Split('/') ?? [];
        if (parts.Length != 3
            || !Guid.TryParseExact(parts[0], "D", out Guid epoch)
            || !ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong revision)
            || !ulong.TryParse(parts[2], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong hash))
        {
            return false;
        }

        position = new Position(epoch, new Revision(revision), hash);
        return true;
    }
}
