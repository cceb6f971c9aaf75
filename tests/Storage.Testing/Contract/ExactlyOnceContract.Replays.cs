namespace WsStorage.Testing;

public abstract partial class ExactlyOnceContract
{
    private static readonly Guid A = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid Other = new("bbbbbbbb-0000-0000-0000-000000000002");

    [Test]
    public async Task A_write_that_is_sent_again_is_applied_once_and_gets_its_first_outcome([Values] bool resend, [Values] bool unanswered)
    {
        WriteResult first = await WriteAsync(Put(First(A, 1), "k", "1"));
        Assert.That(first, Is.EqualTo(WriteResult.AppliedAt(new Revision(1))));
        await Storage.PutStringAsync("k", "overwritten", Deadline);
        WriteResult second = await WriteAsync(Put(new WriteStamp(A, 1, 0, resend, unanswered), "k", "1"));
        Assert.That(second, Is.EqualTo(first));
        Assert.That(await Storage.GetStringAsync("k", Deadline), Is.EqualTo("overwritten"));
        Assert.That((await RevisionAsync()).Value, Is.EqualTo(2));
    }

    [Test]
    public async Task A_refused_write_gets_its_refusal_again_though_it_would_be_applied_now()
    {
        WriteBatch batch = new WriteBatch { Stamp = First(A, 1) }.RequireAbsent("x"u8).RequirePresent("k"u8).Put("k", "1");
        WriteResult first = await WriteAsync(batch);
        Assert.That(first, Is.EqualTo(WriteResult.RefusedAt(Revision.None, 1)));
        await Storage.PutStringAsync("k", "here", Deadline);
        Assert.That(await WriteAsync(batch), Is.EqualTo(first));
        batch.Stamp = Again(A, 1);
        Assert.That(await WriteAsync(batch), Is.EqualTo(first));
        Assert.That(await Storage.GetStringAsync("k", Deadline), Is.EqualTo("here"));
    }

    [Test]
    public async Task A_write_that_only_checks_is_remembered_too()
    {
        WriteBatch batch = new WriteBatch { Stamp = First(A, 1) }.RequireAbsent("k"u8);
        WriteResult first = await WriteAsync(batch);
        Assert.That(first, Is.EqualTo(WriteResult.AppliedAt(Revision.None)));
        await Storage.PutStringAsync("k", "here", Deadline);
        Assert.That(await WriteAsync(batch), Is.EqualTo(first));
    }

    [Test]
    public async Task Repetitions_in_one_call_get_the_first_outcome()
    {
        WriteBatch refused = new WriteBatch { Stamp = First(A, 2) }.RequireAbsent("k"u8).Put("k", "2");
        WriteBatch refusedAgain = new WriteBatch { Stamp = Again(A, 2) }.RequireAbsent("k"u8).Put("k", "2");
        WriteResult[] results = await WriteManyAsync(
            Put(First(A, 1), "k", "1"),
            refused,
            Put(Again(A, 1), "k", "1"),
            new WriteBatch().Remove("k"),
            refusedAgain,
            Put(Again(A, 1), "k", "other"),
            Put(First(A, 3), "l", "3"));
        Assert.That(results, Is.EqualTo(new[]
        {
            WriteResult.AppliedAt(new Revision(1)),
            WriteResult.RefusedAt(new Revision(1), 0),
            WriteResult.AppliedAt(new Revision(1)),
            WriteResult.AppliedAt(new Revision(2)),
            WriteResult.RefusedAt(new Revision(1), 0),
            WriteResult.NotExecuted(StorageErrorCode.NumberReused),
            WriteResult.AppliedAt(new Revision(3)),
        }));
        Assert.That((await RevisionAsync()).Value, Is.EqualTo(3));
    }

    [Test]
    public async Task A_number_that_was_used_for_other_content_is_refused()
    {
        await WriteAsync(new WriteBatch { Stamp = First(A, 1) }.RequireAbsent("a"u8).Put("k", "1"));
        WriteBatch[] others =
        [
            new WriteBatch().RequireAbsent("a"u8).Put("k", "2"),
            new WriteBatch().RequireAbsent("b"u8).Put("k", "1"),
            new WriteBatch().Put("k", "1"),
            new WriteBatch().RequireAbsent("a"u8),
            new WriteBatch().RequireAbsent("a"u8).Put("k", "1").Put("k", "1"),
        ];
        foreach (WriteBatch other in others)
        {
            other.Stamp = Again(A, 1);
            await AssertNotExecutedAsync(StorageErrorCode.NumberReused, other);
        }

        Assert.That((await WriteAsync(Put(First(Other, 1), "k", "1"))).Revision.Value, Is.EqualTo(2));
    }

    [Test]
    public async Task Batches_without_a_stamp_are_applied_each_time()
    {
        await WriteAsync(new WriteBatch().Put("k", "1"));
        await WriteAsync(new WriteBatch().Put("k", "1"));
        Assert.That((await RevisionAsync()).Value, Is.EqualTo(2));
    }

    [Test]
    public async Task The_stamp_of_a_batch_whose_caller_may_be_cancelled_counts_too()
    {
        using var source = new CancellationTokenSource();
        for (int i = 0; i < 2; i++)
        {
            WriteResult result = await Storage.WriteAsync(Put(First(A, 1)), source.Token);
            Assert.That(result.Revision.Value, Is.EqualTo(1));
        }

        Assert.That(Storage.GetLastNumber(A), Is.EqualTo(1));
    }

    [Test]
    public async Task A_stamp_that_contradicts_itself_is_refused([Values(0UL, 4UL, 5UL)] ulong number)
    {
        WriteBatch batch = Put(new WriteStamp(A, number, 5, IsResend: false, IsUnanswered: false));
        StorageException exception = (await Assert.ThrowsAsync<StorageException>(() => WriteAsync(batch)))!;
        Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        exception = (await Assert.ThrowsAsync<StorageException>(() => WriteManyAsync(Put(First(A, 6)), batch)))!;
        Assert.That((exception.Code, exception.Outcome), Is.EqualTo((StorageErrorCode.InvalidArgument, WriteOutcome.NotApplied)));
        Assert.That(await RevisionAsync(), Is.EqualTo(Revision.None));
    }

    [Test]
    public async Task An_error_of_a_write_that_was_sent_before_does_not_say_that_it_was_not_applied()
    {
        await WriteAsync(Put(First(A, 1)));
        await Storage.DisposeAsync();
        foreach ((WriteStamp stamp, WriteOutcome outcome) in new[] { (First(A, 2), WriteOutcome.NotApplied), (Again(A, 1), WriteOutcome.Unknown) })
        {
            StorageException exception = (await Assert.ThrowsAsync<StorageException>(() => WriteAsync(Put(stamp))))!;
            Assert.That((exception.Code, exception.Outcome), Is.EqualTo((StorageErrorCode.Closed, outcome)));
            exception = (await Assert.ThrowsAsync<StorageException>(() => WriteManyAsync(Put(First(A, 3)), Put(stamp))))!;
            Assert.That((exception.Code, exception.Outcome), Is.EqualTo((StorageErrorCode.Closed, outcome)));
        }
    }

    [Test]
    public async Task Writers_that_send_everything_twice_at_once_apply_everything_once()
    {
        Task<WriteResult[]> Send() => Task.Run(async () =>
        {
            var own = new WriteResult[500];
            for (int i = 0; i < own.Length; i++)
            {
                own[i] = await WriteAsync(Put(First(A, (ulong)i + 1)));
            }

            return own;
        });
        WriteResult[][] results = await Task.WhenAll(Send(), Send(), Send());
        Assert.That(results[1], Is.EqualTo(results[0]));
        Assert.That(results[2], Is.EqualTo(results[0]));
        Assert.That((await RevisionAsync()).Value, Is.EqualTo(500));
    }
}
