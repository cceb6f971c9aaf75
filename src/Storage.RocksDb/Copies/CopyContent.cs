using WsStorage.Core.Copies;

namespace WsStorage.RocksDb.Copies;

/// <summary>What a copy says of itself beside its position: which keys it has, and how far their loading is.</summary>
/// <param name="Ranges">The keys; empty for all.</param>
/// <param name="Load">How far loading is; null once the copy was promoted, and in one that was made of files.</param>
internal sealed record CopyContent(IReadOnlyList<KeyRange> Ranges, CopyLoad? Load);

/// <summary>Says that a store is opened as a copy.</summary>
/// <param name="Begins">What it begins with; null to open one that is there.</param>
internal sealed record CopyOpening(CopyBeginning? Begins);

/// <summary>What a new copy begins with.</summary>
/// <param name="Ranges">The keys to copy; empty for all.</param>
/// <param name="Start">The source's position that its history begins at.</param>
internal sealed record CopyBeginning(IReadOnlyList<KeyRange> Ranges, Position Start);
