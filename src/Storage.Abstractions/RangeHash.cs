namespace WsStorage;

/// <summary>The hash of consecutive rows, at one revision: what two stores compare instead of their data.</summary>
/// <param name="Revision">The revision that is read, the same for all hashes of one walk. When the walk finds no row at
/// all it is this one or a later one.</param>
/// <param name="Range">The keys that the rows are of. The ranges of a walk follow each other and cover what was asked for.</param>
/// <param name="Rows">How many rows there are in it; only a walk's last range may have none.</param>
/// <param name="Hash">For each row, from 0 on, <see cref="XxHash64"/> of its key and its value, each a varint length and that
/// many bytes, seeded with the hash before.</param>
public readonly record struct RangeHash(Revision Revision, KeyRange Range, long Rows, ulong Hash);
