using WsStorage.Core.Copies;

namespace WsStorage.Core;

/// <content>What a copy of another store is built on: rows and history that are that store's.</content>
public sealed partial class InMemoryStorage
{
    /// <summary>Sets rows without a revision.</summary>
    /// <param name="packedRows">Rows as a <see cref="ScanPage"/> packs them.</param>
    internal void Load(ReadOnlyMemory<byte> packedRows) => ChangeRows(state =>
    {
        foreach (ScanPage.Row row in new ScanPage(state.Revision, 0, packedRows))
        {
            state.Load(row.Key.Span, row.Value.Span);
        }
    });

    /// <summary>Applies what another store has committed, at its own positions.</summary>
    /// <param name="batches">The batches (<see cref="CopyRules.CheckApply"/>).</param>
    /// <param name="isSparse">Whether they may have gaps between them.</param>
    /// <param name="wholeAt">From this revision on the rows are those of the other store: what they held is known.</param>
    internal void TakeOver(ReadOnlyMemory<CopiedBatch> batches, bool isSparse, Revision wholeAt) => ChangeRows(state =>
    {
        for (int i = 0; i < batches.Length; i++)
        {
            CopiedBatch batch = batches.Span[i];
            ReadOnlySpan<byte> operations = batch.PackedOperations.Span;
            state.TakeOver(new BatchOperations(operations), batch.Position, isPreviousKnown: state.Revision >= wholeAt);
            _group.Append(operations, state.Previous);
            long time = batch.CommitTime.ToUnixTimeMilliseconds();
            bool goesOn = i + 1 < batches.Length && !isSparse && batches.Span[i + 1].CommitTime.ToUnixTimeMilliseconds() == time;
            if (!goesOn)
            {
                _feed.Publish(_group.Build(state.Revision, time, state.Hash, isSparse));
            }
        }
    });

    /// <summary>Changes rows without a revision.</summary>
    /// <param name="operations">How; preconditions are not looked at.</param>
    internal void Correct(WriteBatch operations) => ChangeRows(state => state.Correct(operations.Operations));

    private void ChangeRows(Action<StoreState> change)
    {
        _lock.EnterWriteLock();
        try
        {
            change(OpenState());
        }
        catch (Exception exception) when (exception is not StorageException)
        {
            throw Fail(exception);
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }
}
