namespace WsStorage.Testing;

public abstract partial class StorageContract
{
    private static IEnumerable<TestCaseData> SinglePreconditions()
    {
        // The store holds present=value and empty= (nothing).
        yield return Case("absent, absent", batch => batch.RequireAbsent(B("nowhere")), holds: true);
        yield return Case("absent, present", batch => batch.RequireAbsent(B("present")), holds: false);
        yield return Case("absent, present with an empty value", batch => batch.RequireAbsent(B("empty")), holds: false);
        yield return Case("present, present", batch => batch.RequirePresent(B("present")), holds: true);
        yield return Case("present, with an empty value", batch => batch.RequirePresent(B("empty")), holds: true);
        yield return Case("present, absent", batch => batch.RequirePresent(B("nowhere")), holds: false);
        yield return Case("equal, equal", batch => batch.RequireEqual(B("present"), B("value")), holds: true);
        yield return Case("equal, longer", batch => batch.RequireEqual(B("present"), B("values")), holds: false);
        yield return Case("equal, shorter", batch => batch.RequireEqual(B("present"), B("valu")), holds: false);
        yield return Case("equal, other", batch => batch.RequireEqual(B("present"), B("VALUE")), holds: false);
        yield return Case("equal to empty, empty", batch => batch.RequireEqual(B("empty"), default), holds: true);
        yield return Case("equal to empty, not empty", batch => batch.RequireEqual(B("present"), default), holds: false);
        yield return Case("equal to empty, absent", batch => batch.RequireEqual(B("nowhere"), default), holds: false);

        static TestCaseData Case(string name, Func<WriteBatch, WriteBatch> require, bool holds) =>
            new TestCaseData(require, holds).SetArgDisplayNames(name, holds ? "holds" : "fails");
    }

    [TestCaseSource(nameof(SinglePreconditions))]
    public async Task A_precondition_decides_on_the_whole_batch(Func<WriteBatch, WriteBatch> require, bool holds)
    {
        await WriteAsync(new WriteBatch().Put("present", "value").Put("empty", ""));
        Position before = (await Storage.GetInfoAsync(Deadline)).Position;
        WriteResult result = await WriteAsync(require(new WriteBatch()).Put("new", "1").Remove("present"));
        Assert.That(result.Applied, Is.EqualTo(holds));
        if (holds)
        {
            Assert.That(await RowsAsync(), Is.EqualTo(["empty=", "new=1"]));
        }
        else
        {
            Assert.That(result.FailedPrecondition, Is.Zero);
            Assert.That(await RowsAsync(), Is.EqualTo(["empty=", "present=value"]));
            Assert.That((await Storage.GetInfoAsync(Deadline)).Position, Is.EqualTo(before), "nothing was changed");
        }
    }

    [Test]
    public async Task The_first_failed_precondition_is_named([Values(0, 1, 2, 3)] int failing)
    {
        Revision written = await PutAsync("a", "1");
        var batch = new WriteBatch();
        for (int i = 0; i < 4; i++)
        {
            _ = i >= failing ? batch.RequireAbsent(B("a")) : batch.RequirePresent(B("a"));
        }

        WriteResult result = await WriteAsync(batch.Put("b", "2"));
        Assert.That(result.Applied, Is.False);
        Assert.That(result.FailedPrecondition, Is.EqualTo(failing));
        Assert.That(result.Revision, Is.GreaterThanOrEqualTo(written));
        Assert.That(await GetAsync("b"), Is.Null);
    }

    [Test]
    public async Task Preconditions_look_at_the_store_as_it_was_before_the_batch()
    {
        WriteResult result = await WriteAsync(new WriteBatch().Put("a", "1").RequireAbsent(B("a")));
        Assert.That(result.Applied, Is.True, "the batch's own put does not count");
        Assert.That((await WriteAsync(new WriteBatch().Put("b", "1").RequirePresent(B("b")))).Applied, Is.False);
    }

    [Test]
    public async Task A_refused_batch_takes_no_revision()
    {
        Requires(ContractFeature.DenseRevisions);
        Revision written = await PutAsync("a", "1");
        WriteResult refused = await WriteAsync(new WriteBatch().RequireAbsent(B("a")).Put("a", "2"));
        Assert.That(refused, Is.EqualTo(WriteResult.RefusedAt(written, 0)));
        Assert.That(await PutAsync("a", "3"), Is.EqualTo(written.Next));
    }

    [Test]
    public async Task Of_many_that_want_a_key_absent_one_wins()
    {
        (int tasks, _) = Concurrency;
        bool[] won = await Task.WhenAll(Enumerable.Range(0, tasks).Select(task =>
            Task.Run(async () => await Storage.TryAddAsync(B("lock"), B($"{task}"), Deadline))));
        Assert.That(won.Count(one => one), Is.EqualTo(1));
        Assert.That(await GetAsync("lock"), Is.EqualTo($"{Array.IndexOf(won, value: true)}"));
    }

    [Test]
    public async Task Compare_and_set_counts_right()
    {
        (int tasks, int writes) = Concurrency;
        await PutAsync("counter", "0");
        await Task.WhenAll(Enumerable.Range(0, tasks).Select(_ => Task.Run(async () =>
        {
            for (int done = 0; done < writes / 5;)
            {
                string seen = (await GetAsync("counter"))!;
                string next = $"{int.Parse(seen) + 1}";
                done += await Storage.TryReplaceAsync(B("counter"), B(seen), B(next), Deadline) ? 1 : 0;
            }
        })));
        Assert.That(await GetAsync("counter"), Is.EqualTo($"{tasks * (writes / 5)}"));
    }
}
