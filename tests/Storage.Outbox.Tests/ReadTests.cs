using FsCheck;
using FsCheck.Fluent;
using WsStorage.Testing;

namespace WsStorage.Outbox.Tests;

public class ReadTests : OutboxFixture
{
    [Test]
    public async Task What_is_pending_is_read_without_the_target()
    {
        await Target.Inner.PutStringAsync("removed", "theirs");
        Target.IsDown = true;
        await PutAsync("a", "1");
        await Outbox.WriteAsync(new WriteBatch().Put("b", "2").Remove("removed").Put("b", "3").RemoveRange(KeyRange.Prefix("r")), Deadline);
        Assert.That(await GetAsync("a"), Is.EqualTo("1"));
        GetManyResult many = await Outbox.GetManyAsync([Bytes.Of("removed"), Bytes.Of("b"), Bytes.Of("a"), Bytes.Of("r-any"), Bytes.Of("a")], Deadline);
        Assert.That(many.Values, Is.EqualTo(new byte[]?[] { null, Bytes.Of("3"), Bytes.Of("1"), null, Bytes.Of("1") }));
        Assert.That(many.Revision, Is.EqualTo(Revision.None));
        StorageException failed = (await Assert.ThrowsAsync<StorageException>(() => GetAsync("other")))!;
        Assert.That(failed.Code, Is.EqualTo(StorageErrorCode.ConnectFailed));
    }

    [Test]
    public async Task What_is_pending_is_read_after_a_reopening()
    {
        await Target.Inner.PutStringAsync("c", "theirs");
        Target.IsDown = true;
        await PutAsync("a", "1");
        await PutAsync("a", "2");
        await Outbox.RemoveStringAsync("b", Deadline);
        await Outbox.RemoveRangeAsync(KeyRange.Prefix("c"), Deadline);
        await ReopenAsync();
        Assert.That(Outbox.Status.Depth, Is.EqualTo(4));
        Assert.That(await GetAsync("a"), Is.EqualTo("2"));
        Assert.That(await GetAsync("b"), Is.Null);
        Assert.That(await GetAsync("c"), Is.Null);
        Assert.That(await RowsAsync(Outbox), Is.EqualTo(["a=2"]));
    }

    [Test]
    public async Task A_read_at_the_target_holds_back_what_is_accepted_after_it_began()
    {
        // Without that, the pending half of a pair would be from before a write and the target's from after it.
        await ReopenAsync(Options with { MaxMergedRecords = 1, MaxBatchesInFlight = 1 });
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var reading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await PutAsync("first", "1");
        await Outbox.FlushAsync(Deadline);
        Target.OnRead = () =>
        {
            reading.SetResult();
            Target.OnRead = null;
            return gate.Task;
        };
        Task<GetManyResult> read = Outbox.GetManyAsync([Bytes.Of("x"), Bytes.Of("y")], Deadline).AsTask();
        await reading.Task;
        await Outbox.WriteAsync(new WriteBatch().Put("x", "new").Put("y", "new"), Deadline);
        Task flush = Outbox.FlushAsync(Deadline).AsTask();
        Assert.That(await GetAsync("x"), Is.EqualTo("new"), "another read sees it at once");
        Assert.That(flush.IsCompleted, Is.False);
        Assert.That(await DeliveredAsync(), Is.EqualTo(["first=1"]));
        gate.SetResult();
        Assert.That((await read).Values, Is.EqualTo(new byte[]?[] { null, null }));
        await flush;
        Assert.That(await DeliveredAsync(), Is.EqualTo(["first=1", "x=new", "y=new"]));
    }

    [Test]
    public async Task A_scan_sees_what_was_pending_when_it_began_whatever_is_delivered_meanwhile([Values] bool reverse)
    {
        for (int i = 0; i < 50; i++)
        {
            await Target.Inner.PutAsync(Bytes.Numbered("k", 2 * i), Bytes.Of(new string('t', 100)));
        }

        await ReopenAsync();
        Target.IsDown = true;
        for (int i = 0; i < 50; i++)
        {
            await Outbox.PutAsync(Bytes.Numbered("k", (2 * i) + 1), Bytes.Of(new string('p', 100)), Deadline);
        }

        List<string> rows = [];
        await foreach (ScanPage page in Outbox.ScanPagesAsync(new ScanOptions { PageBytes = 1024, Reverse = reverse }, Deadline))
        {
            foreach (ScanPage.Row row in page)
            {
                rows.Add(new Entry(row.Key.ToArray(), row.Value.ToArray()).KeyText);
            }

            if (Target.IsDown)
            {
                Target.IsDown = false;
                await PutAsync("k999999", "later");
                await Outbox.FlushAsync(Deadline);
            }
        }

        IEnumerable<string> expected = Enumerable.Range(0, 100).Select(i => $"k{i:d6}");
        Assert.That(rows, Is.EqualTo(reverse ? expected.Reverse() : expected));
    }

    [Test]
    public async Task Readers_never_miss_a_write_and_never_see_half_a_batch_while_it_is_delivered()
    {
        using var stop = new CancellationTokenSource();
        ReadOnlyMemory<byte>[] keys = [.. Enumerable.Range(0, 6).Select(i => (ReadOnlyMemory<byte>)Bytes.Numbered("k", i))];
        int acknowledged = -1;
        Task writing = Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                var batch = new WriteBatch();
                foreach (ReadOnlyMemory<byte> key in keys)
                {
                    batch.Put(key.Span, Bytes.Of($"{i}"));
                }

                await Outbox.WriteAsync(batch, Deadline);
                Volatile.Write(ref acknowledged, i);
                if (i % 5 == 0)
                {
                    await Outbox.FlushAsync(Deadline);
                }
            }
        });
        for (int round = 0; round < 500; round++)
        {
            int least = Volatile.Read(ref acknowledged);
            GetManyResult many = await Outbox.GetManyAsync(keys, Deadline);
            string[] values = [.. many.Values.Select(Bytes.Show)];
            Assert.That(values.Distinct(StringComparer.Ordinal).Count(), Is.EqualTo(1), string.Join(' ', values));
            Assert.That(many.Values[0] is { } value ? int.Parse(System.Text.Encoding.UTF8.GetString(value)) : -1, Is.GreaterThanOrEqualTo(least));
            least = Volatile.Read(ref acknowledged);
            string[] rows = [.. (await RowsAsync(Outbox)).Select(row => row.Split('=')[1]).Distinct(StringComparer.Ordinal)];
            Assert.That(rows.Length, Is.LessThanOrEqualTo(1), string.Join(' ', rows));
            Assert.That(rows.Length == 1 ? int.Parse(rows[0]) : -1, Is.GreaterThanOrEqualTo(least));
            least = Volatile.Read(ref acknowledged);
            Assert.That(await GetAsync("k000003") is { } one ? int.Parse(one) : -1, Is.GreaterThanOrEqualTo(least));
        }

        await stop.CancelAsync();
        await writing;
    }

    [Test]
    public void Random_operations_do_what_the_model_does_however_far_they_are_delivered()
    {
        Property property = Prop.ForAll(OverlaySequence.Arbitrary, sequence => sequence.CompareAsync(Deadline));
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(150), property);
    }
}
