namespace WsStorage.Testing;

public abstract partial class StorageContract
{
    [Test]
    public async Task A_batch_has_one_revision_and_is_applied_whole()
    {
        Requires(ContractFeature.DenseRevisions);
        await PutAsync("x", "0");
        WriteResult result = await WriteAsync(new WriteBatch().Put("a", "1").Put("b", "2").Remove("x"));
        Assert.That(result.Applied, Is.True);
        Assert.That(result.FailedPrecondition, Is.EqualTo(-1));
        Assert.That(result.Revision, Is.EqualTo(new Revision(2)));
        Assert.That(await RevisionAsync(), Is.EqualTo(new Revision(2)));
        Assert.That(await RowsAsync(), Is.EqualTo(["a=1", "b=2"]));
    }

    [Test]
    public async Task Operations_of_a_batch_apply_in_their_order()
    {
        await WriteAsync(new WriteBatch().Put("a", "1").Put("a", "2").Put("b", "1").Remove("b").Put("c", "1").Remove("c").Put("c", "2"));
        Assert.That(await RowsAsync(), Is.EqualTo(["a=2", "c=2"]));

        await WriteAsync(new WriteBatch().Put("b", "3").RemoveRange(KeyRange.From(B("b"))).Put("d", "4"));
        Assert.That(await RowsAsync(), Is.EqualTo(["a=2", "d=4"]));
    }

    [Test]
    public async Task Removing_an_absent_key_is_a_write_like_any_other()
    {
        Requires(ContractFeature.DenseRevisions);
        await PutAsync("a", "1");
        Assert.That(await Storage.RemoveAsync(B("b"), Deadline), Is.EqualTo(new Revision(2)));
        Assert.That(await RowsAsync(), Is.EqualTo(["a=1"]));
    }

    [Test]
    public async Task A_batch_without_operations_takes_no_revision()
    {
        Requires(ContractFeature.DenseRevisions);
        Assert.That(await WriteAsync(new WriteBatch()), Is.EqualTo(WriteResult.AppliedAt(Revision.None)));
        Revision written = await PutAsync("a", "1");
        Assert.That(await WriteAsync(new WriteBatch()), Is.EqualTo(WriteResult.AppliedAt(written)));
        Assert.That(await WriteAsync(new WriteBatch().RequirePresent(B("a"))), Is.EqualTo(WriteResult.AppliedAt(written)));
        Assert.That(await WriteAsync(new WriteBatch().RequireAbsent(B("a"))), Is.EqualTo(WriteResult.RefusedAt(written, 0)));
        Assert.That(await RevisionAsync(), Is.EqualTo(written));
        Assert.That(await PutAsync("a", "2"), Is.EqualTo(written.Next));
    }

    [Test]
    public async Task A_batch_of_thousands_of_operations_is_applied_whole()
    {
        await PutNumberedAsync("k", 5000, "v");
        List<Entry> rows = await ScanAsync(KeyRange.All);
        Assert.That(rows.Select(row => row.KeyText), Is.EqualTo(Enumerable.Range(0, 5000).Select(i => $"k{i:d6}")));
    }

    [Test]
    public async Task Concurrent_writers_get_dense_revisions_and_lose_nothing()
    {
        Requires(ContractFeature.DenseRevisions);
        (int tasks, int writes) = Concurrency;
        Revision[][] revisions = await Task.WhenAll(Enumerable.Range(0, tasks).Select(task => Task.Run(async () =>
        {
            var mine = new Revision[writes];
            for (int i = 0; i < writes; i++)
            {
                mine[i] = await PutAsync($"{task}/{i}", $"{task}/{i}");
            }

            return mine;
        })));

        Assert.That(revisions, Has.All.Ordered, "each writer's revisions grow");
        IEnumerable<ulong> all = revisions.SelectMany(mine => mine).Select(revision => revision.Value).Order();
        Assert.That(all, Is.EqualTo(Enumerable.Range(1, tasks * writes).Select(i => (ulong)i)));
        Assert.That(await RevisionAsync(), Is.EqualTo(new Revision((ulong)(tasks * writes))));
        List<Entry> rows = await ScanAsync(KeyRange.All);
        Assert.That(rows, Has.Count.EqualTo(tasks * writes));
        Assert.That(rows, Has.All.Matches<Entry>(row => row.Key.AsSpan().SequenceEqual(row.Value)));
    }

    [Test]
    public async Task Every_reader_sees_an_acknowledged_write()
    {
        (int tasks, int writes) = Concurrency;
        await Task.WhenAll(Enumerable.Range(0, tasks).Select(task => Task.Run(async () =>
        {
            for (int i = 0; i < writes; i++)
            {
                Revision revision = await PutAsync($"k{task}", $"{i}");
                GetResult read = await Storage.GetAsync(B($"k{task}"), Deadline);
                Assert.That(read.Value, Is.EqualTo(B($"{i}")));
                Assert.That(read.Revision, Is.GreaterThanOrEqualTo(revision));
            }
        })));
    }

    [Test]
    public async Task Readers_never_see_half_a_batch()
    {
        (_, int writes) = Concurrency;
        ReadOnlyMemory<byte>[] keys = [.. Enumerable.Range(0, 20).Select(i => (ReadOnlyMemory<byte>)Bytes.Numbered("k", i))];
        await PutNumberedAsync("k", keys.Length, "start");
        Task writer = Task.Run(async () =>
        {
            for (int i = 0; i < writes; i++)
            {
                await PutNumberedAsync("k", keys.Length, $"{i}");
            }
        });

        int reads = 0;
        Revision last = Revision.None;
        bool mayTellNone = Deviation(ContractFeature.RevisionOfEveryRead) is not null;
        while (!writer.IsCompleted || reads == 0)
        {
            GetManyResult many = await Storage.GetManyAsync(keys, Deadline);
            Assert.That(many.Values.Select(Bytes.Show).Distinct(StringComparer.Ordinal).Count(), Is.EqualTo(1), "a many-get reads one revision");
            if (!mayTellNone || many.Revision != Revision.None)
            {
                Assert.That(many.Revision, Is.GreaterThanOrEqualTo(last), "time does not go back");
                last = many.Revision;
            }

            List<Entry> rows = await ScanAsync(KeyRange.All);
            Assert.That(rows.Select(row => row.ValueText).Distinct(StringComparer.Ordinal).Count(), Is.EqualTo(1), "a scan reads one revision");
            reads++;
        }

        await writer;
        Assert.That((await ScanAsync(KeyRange.All)).Select(row => row.ValueText), Has.All.EqualTo($"{writes - 1}"));
    }
}
