using WsStorage.Core;
using WsStorage.Testing;

namespace WsStorage.Outbox.Tests;

public class ConflictTests : OutboxFixture
{
    [Test]
    public async Task Without_a_hook_the_last_delivered_wins()
    {
        await Target.Inner.PutStringAsync("a", "theirs");
        await WriteConditionalAsync();
        await Outbox.FlushAsync(Deadline);
        Assert.That(await DeliveredAsync(), Is.EqualTo(["a=mine", "after=1", "before=1"]));
        Assert.That(Outbox.Status.Conflicts, Is.EqualTo(1));
    }

    [Test]
    public async Task A_precondition_that_holds_is_no_conflict()
    {
        await WriteConditionalAsync();
        await Outbox.FlushAsync(Deadline);
        Assert.That(await HistoryAsync(), Is.EqualTo(["before=1", "a=mine", "after=1"]));
        Assert.That(Outbox.Status.Conflicts, Is.Zero);
    }

    [Test]
    public async Task The_hook_decides([Values("drop", "overwrite", "merge")] string decision, [Values] bool answersAreLost)
    {
        await Target.Inner.PutStringAsync("a", "theirs");
        List<OutboxConflict> seen = [];
        Target.OnWrite = (number, _) => answersAreLost && number is (1 or 2 or 4 or 5 or 7) ? WriteFault.After : WriteFault.None;
        await ReopenAsync(Options with
        {
            ResolveConflict = async (conflict, cancellationToken) =>
            {
                seen.Add(conflict);
                string? theirs = await conflict.Target.GetStringAsync("a", cancellationToken);
                return decision switch
                {
                    "drop" => OutboxDecision.Drop,
                    "overwrite" => OutboxDecision.Overwrite,
                    _ => OutboxDecision.Merge(new WriteBatch().RequireEqual(Bytes.Of("a"), Bytes.Of(theirs!)).Put("a", $"{theirs}+mine")),
                };
            },
        });
        await WriteConditionalAsync();
        await Outbox.FlushAsync(Deadline);
        string expected = decision switch
        {
            "drop" => "theirs",
            "overwrite" => "mine",
            _ => "theirs+mine",
        };
        Assert.That(await DeliveredAsync(), Is.EqualTo([$"a={expected}", "after=1", "before=1"]));
        Assert.That(await HistoryAsync(), Has.Count.EqualTo(decision is "drop" ? 3 : 4));
        OutboxConflict first = seen[0];
        Assert.That((first.Reason, first.Sequence, first.FailedPrecondition, first.Error), Is.EqualTo((OutboxConflictReason.PreconditionFailed, 2UL, 1, (StorageException?)null)));
        Assert.That((first.Batch.PreconditionCount, first.Batch.Count), Is.EqualTo((2, 1)), "the record as it was written");
    }

    [Test]
    public async Task A_replacement_whose_precondition_fails_is_decided_on_again()
    {
        await Target.Inner.PutStringAsync("a", "theirs");
        List<int> attempts = [];
        await ReopenAsync(Options with
        {
            ResolveConflict = (conflict, _) =>
            {
                attempts.Add(conflict.Attempt);
                return ValueTask.FromResult(conflict.Attempt < 3
                    ? OutboxDecision.Merge(new WriteBatch().RequireAbsent(Bytes.Of("a")).Put("a", "never"))
                    : OutboxDecision.Merge(new WriteBatch().Put("a", "third")));
            },
        });
        await WriteConditionalAsync();
        await Outbox.FlushAsync(Deadline);
        Assert.That(attempts, Is.EqualTo([1, 2, 3]));
        Assert.That(await DeliveredAsync(), Does.Contain("a=third"));
    }

    [Test]
    public async Task A_hook_that_throws_is_seen_and_asked_again()
    {
        await Target.Inner.PutStringAsync("a", "theirs");
        bool isBroken = true;
        await ReopenAsync(Options with
        {
            ResolveConflict = (_, _) => Volatile.Read(ref isBroken) ? throw new InvalidOperationException("no idea") : ValueTask.FromResult(OutboxDecision.Drop),
        });
        await WriteConditionalAsync();
        OutboxStatus status = await UntilAsync(now => now.Problem?.Contains("no idea", StringComparison.Ordinal) == true);
        Assert.That(status.State, Is.EqualTo(OutboxState.Retrying));
        Assert.That(status.Depth, Is.EqualTo(2), "what came before is delivered, nothing after it");
        Volatile.Write(ref isBroken, value: false);
        await Outbox.FlushAsync(Deadline);
        Assert.That(await DeliveredAsync(), Is.EqualTo(["a=theirs", "after=1", "before=1"]));
        Assert.That((await UntilAsync(now => now.Problem is null)).State, Is.EqualTo(OutboxState.Delivering));
    }

    [Test]
    public async Task A_refused_record_stops_delivery_and_keeps_everything_without_a_hook()
    {
        RefuseBad();
        await PutThreeAsync();
        OutboxStatus status = await UntilAsync(now => now.State == OutboxState.Stopped);
        Assert.That(status.Problem, Does.Contain("record 2").And.Contain("too long for it").And.Contain(nameof(OutboxOptions.ResolveConflict)));
        Assert.That(status.Depth, Is.EqualTo(2));
        Assert.That(await DeliveredAsync(), Is.EqualTo(["a=1"]));
        StorageException refused = (await Assert.ThrowsAsync<StorageException>(async () => await Outbox.FlushAsync(Deadline)))!;
        Assert.That(refused.Code, Is.EqualTo(StorageErrorCode.ValueTooLarge));
        await PutAsync("d", "4");
        Assert.That(await GetAsync("d"), Is.EqualTo("4"), "writes are accepted on");

        await ReopenAsync(Options with { ResolveConflict = (_, _) => ValueTask.FromResult(OutboxDecision.Drop) });
        await Outbox.FlushAsync(Deadline);
        Assert.That(await DeliveredAsync(), Is.EqualTo(["a=1", "c=3", "d=4"]));
    }

    [Test]
    public async Task The_hook_is_asked_about_the_one_record_of_many_that_is_refused()
    {
        List<OutboxConflict> seen = [];
        await ReopenAsync(Options with
        {
            ResolveConflict = (conflict, _) =>
            {
                seen.Add(conflict);
                return ValueTask.FromResult(OutboxDecision.Merge(new WriteBatch().Put("b", "good")));
            },
        });
        RefuseBad();
        Target.IsDown = true;
        await PutThreeAsync();
        Target.IsDown = false;
        await Outbox.FlushAsync(Deadline);
        Assert.That(await HistoryAsync(), Is.EqualTo(["a=1", "b=good", "c=3"]));
        Assert.That(seen.Select(conflict => (conflict.Sequence, conflict.Reason, conflict.Error?.Code)), Is.EqualTo(
            new[] { (2UL, OutboxConflictReason.Refused, (StorageErrorCode?)StorageErrorCode.ValueTooLarge) }));
    }

    [Test]
    public async Task A_target_for_reading_only_is_a_problem_that_may_pass()
    {
        bool isReadOnly = true;
        Target.OnWrite = (_, _) => Volatile.Read(ref isReadOnly) ? throw new StorageException(StorageErrorCode.ReadOnly, "For reading only.") : WriteFault.None;
        await PutAsync("a", "1");
        OutboxStatus status = await UntilAsync(now => now.Problem is not null);
        Assert.That(status.Problem, Does.Contain("For reading only"));
        Volatile.Write(ref isReadOnly, value: false);
        await Outbox.FlushAsync(Deadline);
        Assert.That(await DeliveredAsync(), Is.EqualTo(["a=1"]));
    }

    [Test]
    public async Task A_refusal_that_is_thrown_by_the_call_itself_is_one_too([Values] bool hasHook)
    {
        // As a client does that knows its server's limits.
        Target.OnWriteCall = ThrowIfBad;
        List<ulong> seen = [];
        await ReopenAsync(Options with
        {
            ResolveConflict = !hasHook ? null : (conflict, _) =>
            {
                seen.Add(conflict.Sequence);
                return ValueTask.FromResult(OutboxDecision.Drop);
            },
        });
        Target.IsDown = true;
        await PutThreeAsync();
        Target.IsDown = false;
        if (hasHook)
        {
            await Outbox.FlushAsync(Deadline);
            Assert.That(seen, Is.EqualTo([2UL]));
            Assert.That(await HistoryAsync(), Is.EqualTo(["a=1", "c=3"]));
        }
        else
        {
            await UntilAsync(now => now.State == OutboxState.Stopped);
            Assert.That(await HistoryAsync(), Is.EqualTo(["a=1"]));
        }
    }

    [Test]
    public async Task A_hook_that_threw_has_not_decided()
    {
        await Target.Inner.PutStringAsync("a", "theirs");
        List<int> attempts = [];
        await ReopenAsync(Options with
        {
            ResolveConflict = (conflict, _) =>
            {
                attempts.Add(conflict.Attempt);
                return attempts.Count < 3 ? throw new OperationCanceledException("its own time is up") : ValueTask.FromResult(OutboxDecision.Drop);
            },
        });
        await WriteConditionalAsync();
        await Outbox.FlushAsync(Deadline);
        Assert.That(attempts, Is.EqualTo([1, 1, 1]));
        Assert.That(Outbox.Status.Conflicts, Is.EqualTo(1));
    }

    private static void ThrowIfBad(WriteBatch batch)
    {
        foreach (BatchOperation operation in batch.Operations)
        {
            if (operation.Value.SequenceEqual(Bytes.Of("bad")))
            {
                throw new StorageException(StorageErrorCode.ValueTooLarge, "The value is too long for it.");
            }
        }
    }

    private void RefuseBad() => Target.OnWrite = (_, batch) =>
    {
        ThrowIfBad(batch);
        return WriteFault.None;
    };

    private async Task PutThreeAsync()
    {
        await PutAsync("a", "1");
        await PutAsync("b", "bad");
        await PutAsync("c", "3");
    }

    private async Task WriteConditionalAsync()
    {
        await PutAsync("before", "1");
        await Outbox.WriteAsync(new WriteBatch().RequireAbsent(Bytes.Of("nowhere")).RequireAbsent(Bytes.Of("a")).Put("a", "mine"), Deadline);
        await PutAsync("after", "1");
    }
}
