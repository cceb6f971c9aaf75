using FsCheck;
using FsCheck.Fluent;

namespace WsStorage.Testing;

public abstract partial class ExactlyOnceContract
{
    private const int MaxUnacknowledged = 65_536;

    [Test]
    public async Task What_is_acknowledged_is_forgotten_and_not_executed_again()
    {
        await WriteManyAsync(Put(First(A, 1)), Put(First(A, 2)), Put(First(A, 3)));
        await WriteAsync(Put(First(A, 4, acknowledged: 2)));
        await AssertNotExecutedAsync(StorageErrorCode.OutcomeUnknown, Put(Again(A, 1)));
        await AssertNotExecutedAsync(StorageErrorCode.OutcomeUnknown, Put(First(A, 2)));
        Assert.That((await WriteAsync(Put(Again(A, 3)))).Revision.Value, Is.EqualTo(3));

        // Acknowledgements never go back, and count whatever the write that brings them comes to.
        await WriteAsync(Put(First(A, 5, acknowledged: 1)));
        await AssertNotExecutedAsync(StorageErrorCode.OutcomeUnknown, Put(Again(A, 2)));
        await WriteAsync(Put(Again(A, 5, acknowledged: 4)));
        await AssertNotExecutedAsync(StorageErrorCode.OutcomeUnknown, Put(Again(A, 3)));
    }

    [Test]
    public async Task Numbers_may_be_left_out_and_come_in_any_order()
    {
        ulong[] numbers = [1_700_000_000_000_000, 10, 12, 11, 7, ulong.MaxValue, 1_700_000_000_000_001, 8, 9];
        var results = new List<WriteResult>();
        foreach (ulong number in numbers)
        {
            results.Add(await WriteAsync(Put(First(A, number))));
        }

        Assert.That(results.Select(result => result.Revision.Value), Is.EqualTo(Enumerable.Range(1, numbers.Length)));
        Assert.That(Storage.GetLastNumber(A), Is.EqualTo(ulong.MaxValue));
        for (int i = 0; i < numbers.Length; i++)
        {
            Assert.That(await WriteAsync(Put(Again(A, numbers[i]))), Is.EqualTo(results[i]));
        }

        // A gap that was acknowledged is not filled any more.
        await WriteAsync(Put(Again(A, 12, acknowledged: 11)));
        await AssertNotExecutedAsync(StorageErrorCode.OutcomeUnknown, Put(First(A, 5)));
        Assert.That((await WriteAsync(Put(First(A, 13)))).Applied);
    }

    [Test]
    public async Task A_resend_in_a_session_that_is_not_known_is_executed_only_if_nothing_was_ever_answered()
    {
        await AssertNotExecutedAsync(StorageErrorCode.OutcomeUnknown, Put(Again(A, 1)));
        Assert.That(Storage.GetLastNumber(A), Is.Zero, "it has begun no session");
        Assert.That((await WriteAsync(Put(Again(A, 1, unanswered: true)))).Revision.Value, Is.EqualTo(1));
        Assert.That((await WriteAsync(Put(Again(A, 2)))).Revision.Value, Is.EqualTo(2), "the session is known");
        Assert.That((await WriteAsync(Put(First(Other, 1)))).Revision.Value, Is.EqualTo(3));
    }

    [Test]
    public async Task A_session_that_begins_anew_does_not_answer_for_the_one_that_was_forgotten()
    {
        // Sent again after the session was forgotten: refused. Then a new write begins the session anew, and the answers are lost.
        await AssertNotExecutedAsync(StorageErrorCode.OutcomeUnknown, Put(Again(A, 5)));
        await WriteAsync(Put(First(A, 6, acknowledged: 4)));
        await AssertNotExecutedAsync(StorageErrorCode.OutcomeUnknown, Put(Again(A, 5)));
        Assert.That((await WriteAsync(Put(Again(A, 6)))).Revision.Value, Is.EqualTo(1));
        Assert.That((await WriteAsync(Put(Again(A, 7)))).Revision.Value, Is.EqualTo(2));
    }

    [Test]
    public async Task The_last_number_of_a_session_is_told()
    {
        Assert.That(Storage.GetLastNumber(A), Is.Zero);
        await WriteManyAsync(Put(First(A, 7)), Put(First(A, 3)), Put(First(Other, 100)));
        Assert.That((Storage.GetLastNumber(A), Storage.GetLastNumber(Other)), Is.EqualTo((7UL, 100UL)));
        await WriteAsync(new WriteBatch { Stamp = First(A, 9, acknowledged: 8) }.RequirePresent("nothing"u8));
        Assert.That(Storage.GetLastNumber(A), Is.EqualTo(9), "one that was refused counts");
        Assert.That(Storage.SessionRetention, Is.EqualTo(Retention));
    }

    [Test]
    public async Task A_session_has_room_for_so_many_writes_that_are_not_acknowledged()
    {
        WriteBatch[] batches = [.. Enumerable.Range(1, MaxUnacknowledged).Select(i => Put(First(A, (ulong)i), "k", $"{i}"))];
        WriteResult[] results = await WriteManyAsync(batches);
        Assert.That(results[^1], Is.EqualTo(WriteResult.AppliedAt(new Revision(MaxUnacknowledged))));
        await AssertNotExecutedAsync(StorageErrorCode.LimitExceeded, Put(First(A, MaxUnacknowledged + 1)));
        Assert.That((await WriteAsync(Put(Again(A, 1), "k", "1"))).Revision.Value, Is.EqualTo(1), "what is on record is answered");
        Assert.That((await WriteAsync(Put(First(Other, 1)))).Applied, "others have room");

        // One acknowledgement, one more write.
        Assert.That((await WriteAsync(Put(First(A, MaxUnacknowledged + 1, acknowledged: 1)))).Applied);
        await AssertNotExecutedAsync(StorageErrorCode.LimitExceeded, Put(First(A, MaxUnacknowledged + 2)));
        Assert.That((await WriteAsync(Put(First(A, MaxUnacknowledged + 2, acknowledged: MaxUnacknowledged)))).Applied);
    }

    [Test]
    public async Task A_session_that_is_not_used_for_long_is_forgotten()
    {
        await WriteManyAsync(Put(First(A, 1)), Put(First(Other, 1)));
        Time.Advance(0.9 * Retention);
        await WriteAsync(Put(First(Other, 2)));
        Assert.That((await WriteAsync(Put(Again(A, 1)))).Revision.Value, Is.EqualTo(1), "it is remembered that long");
        Time.Advance(0.9 * Retention);
        await WriteAsync(Put(First(Other, 3)));
        Time.Advance(0.3 * Retention);
        await WriteAsync(Put(First(Other, 4)));
        Assert.That((Storage.GetLastNumber(A), Storage.GetLastNumber(Other)), Is.EqualTo((0UL, 4UL)));
        await AssertNotExecutedAsync(StorageErrorCode.OutcomeUnknown, Put(Again(A, 1)));
        Assert.That((await WriteAsync(Put(Again(Other, 1)))).Revision.Value, Is.EqualTo(2), "one that is used is remembered");
        Assert.That((await WriteAsync(Put(First(A, 2)))).Applied, "it begins anew");
    }

    [Test]
    public async Task The_first_write_after_a_long_time_finds_its_session_forgotten()
    {
        await WriteAsync(Put(First(A, 1)));
        Time.Advance(2 * Retention);
        await AssertNotExecutedAsync(StorageErrorCode.OutcomeUnknown, Put(Again(A, 1)));
    }

    [Test]
    public void Random_sequences_of_writes_and_restarts_do_what_the_model_does()
    {
        Property property = Prop.ForAll(SessionSequence.Arbitrary, sequence => sequence.CompareAsync(new SessionRun(
            () => Storage,
            async () => _storage = await ReopenAsync(Storage) ?? Storage,
            Time,
            Retention,
            Deadline)));
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(RandomCases), property);
    }
}
