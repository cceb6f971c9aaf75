using WsStorage.Core.Tree;

namespace WsStorage.Core;

/// <summary>What a reader sees: the rows of one revision, and how it was reached. Immutable.</summary>
/// <param name="Root">The rows.</param>
/// <param name="Revision">The last batch's revision.</param>
/// <param name="Hash">The chain hash up to it.</param>
internal sealed record StoreVersion(Node Root, Revision Revision, ulong Hash)
{
    public static StoreVersion Empty { get; } = new(SortedTree.Empty, Revision.None, ChainHash.Seed);
}
