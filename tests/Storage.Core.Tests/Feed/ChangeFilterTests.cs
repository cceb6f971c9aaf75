using FsCheck;
using FsCheck.Fluent;
using WsStorage.Core.Feed;
using WsStorage.Testing;

namespace WsStorage.Core.Tests.Feed;

/// <summary>What a watch is told of a batch, compared with the plainest way to find it.</summary>
[TestFixture]
public sealed class ChangeFilterTests
{
    private static readonly Gen<byte[]> Key = Gen.Choose(0, 3).SelectMany(length => Gen.Elements<byte>(0, 1, 2, 0xFF).ArrayOf(length));

    private static readonly Gen<KeyRange> Range = Gen.Frequency(
        (6, Key.Two().Select(pair => KeyRange.Between(pair.Item1, pair.Item2))),
        (1, Key.Select(key => KeyRange.From(key))),
        (2, Gen.Constant(KeyRange.All)));

    private static readonly Gen<ToldChange> AnyChange = Gen.OneOf(
        from key in Key
        from value in Gen.Choose(0, 200).Select(length => Bytes.Noise(length))
        from previous in Gen.Elements<byte[]?>(null, [], [1, 2, 3], Bytes.Noise(150))
        select new ToldChange(
            new ModelOperation(BatchOperationKind.Put, key, value), previous is null ? PreviousValueKind.Absent : PreviousValueKind.Value, previous),
        Key.Select(key => new ToldChange(new ModelOperation(BatchOperationKind.Remove, key, []), PreviousValueKind.Absent, null)),
        Range.Select(range => new ToldChange(
            new ModelOperation(BatchOperationKind.RemoveRange, range.Start.ToArray(), range.End.ToArray()), PreviousValueKind.Unknown, null)));

    [Test]
    public void It_takes_what_touches_the_range_whole_and_in_order()
    {
        var options = Arb.From(
            from range in Range
            from keysOnly in Gen.Elements(true, false)
            from previous in Gen.Elements(true, false)
            select new WatchOptions { Range = range, KeysOnly = keysOnly, PreviousValues = previous });
        Property property = Prop.ForAll(options, Arb.From(AnyChange.NonEmptyListOf()), Arb.From(Gen.Elements(true, false)), (watch, changes, mayShare) =>
        {
            var committed = new CommittedHistory();
            committed.Add(new Revision(1), [.. changes.Select(change => change.Operation)]);
            IReadOnlyList<string> expected = committed.Expected(new Revision(1), watch);
            ChangeBatch batch = Pack(changes);
            bool any = new ChangeFilter(watch).TryApply(batch, mayShare, out FilteredBatch filtered);
            Assert.That(any, Is.EqualTo(expected.Count > 0));
            if (!any)
            {
                return;
            }

            IReadOnlyList<ToldChange> told = ToldEvent.Of(WatchEvent.Changes(default, default, filtered.Operations, filtered.Previous)).Changes;
            Assert.That(told.Select(change => $"{change.Operation}"), Is.EqualTo(expected));

            // What was before stays with its operation; a range removal has none, so that all kept ones may have none.
            IEnumerable<string> before = changes
                .Where(change => Keeps(watch, change))
                .Select(change => watch.PreviousValues ? Before(change) : $"{PreviousValueKind.Unknown} none");
            Assert.That(told.Select(Before), Is.EqualTo(before));
        });
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(5000), property);
    }

    [Test]
    public void A_batch_that_is_wanted_whole_is_shared_where_it_may_be()
    {
        ChangeBatch batch = Pack([new ToldChange(new ModelOperation(BatchOperationKind.Put, [5], [6, 7]), PreviousValueKind.Absent, null)]);
        Assert.That(new ChangeFilter(new WatchOptions()).TryApply(batch, mayShare: true, out FilteredBatch shared), Is.True);
        Assert.That(shared.Operations, Is.EqualTo(batch.Operations));
        Assert.That(new ChangeFilter(new WatchOptions()).TryApply(batch, mayShare: false, out FilteredBatch copied), Is.True);
        Assert.That(copied.Operations, Is.Not.EqualTo(batch.Operations), "the same memory");
        Assert.That(copied.Operations.ToArray(), Is.EqualTo(batch.Operations.ToArray()));
        Assert.That(new ChangeFilter(new WatchOptions { KeysOnly = true }).TryApply(batch, mayShare: true, out FilteredBatch emptied), Is.True);
        Assert.That(emptied.Operations.ToArray(), Is.EqualTo((byte[])[1, 1, 5, 0]));
    }

    private static bool Keeps(WatchOptions watch, ToldChange change)
    {
        var committed = new CommittedHistory();
        committed.Add(new Revision(1), [change.Operation]);
        return committed.Expected(new Revision(1), watch).Count > 0;
    }

    private static string Before(ToldChange change) => $"{change.PreviousKind} {Bytes.Show(change.Previous)}";

    private static ChangeBatch Pack(IEnumerable<ToldChange> changes)
    {
        var batch = new WriteBatch();
        var previous = new PreviousValues();
        foreach (ToldChange change in changes)
        {
            _ = change.Operation.Kind switch
            {
                BatchOperationKind.Put => batch.Put(change.Operation.Key, change.Operation.Second),
                BatchOperationKind.Remove => batch.Remove(change.Operation.Key),
                _ => batch.RemoveRange(KeyRange.Between(change.Operation.Key, change.Operation.Second)),
            };
            switch (change.PreviousKind)
            {
                case PreviousValueKind.Absent:
                    previous.AddAbsent();
                    break;
                case PreviousValueKind.Value:
                    previous.AddValue(change.Previous);
                    break;
                default:
                    previous.AddUnknown();
                    break;
            }
        }

        return new ChangeBatch(new Revision(1), batch.PackedOperations.ToArray(), previous.Packed.ToArray());
    }
}
