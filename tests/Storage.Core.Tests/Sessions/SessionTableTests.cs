using WsStorage.Core.Sessions;

namespace WsStorage.Core.Tests.Sessions;

/// <summary>What the contract of numbered writes does not reach: bounds, and executions that fail.</summary>
[TestFixture]
public sealed class SessionTableTests
{
    private static readonly Guid A = Guid.NewGuid();

    [Test]
    public void Beyond_the_bound_the_sessions_that_were_not_used_for_the_longest_time_are_forgotten()
    {
        var table = new SessionTable(TimeSpan.FromDays(7));
        List<Guid> forgotten = [];
        table.Sweep(0, forgotten);
        var sessions = new Guid[SessionTable.MaxSessions + 1];
        for (int i = 0; i < sessions.Length; i++)
        {
            Assert.That(table.IsSweepDue(1000 + i), Is.False);
            sessions[i] = Guid.NewGuid();
            Execute(table, Stamp(sessions[i], 1), now: 1000 + i);
        }

        // The oldest one is used again.
        table.Answer(Stamp(sessions[0], 1), 7, now: 200_000);
        Assert.That(table.IsSweepDue(200_001));
        table.Sweep(200_001, forgotten);
        Assert.That(forgotten, Is.EquivalentTo(sessions.Skip(1).Take(1 + (SessionTable.MaxSessions / 16))));
        Assert.That(table.Count, Is.EqualTo(sessions.Length - forgotten.Count));
        Assert.That(table.GetLastNumber(sessions[0]), Is.EqualTo(1));
        Assert.That(table.GetLastNumber(sessions[1]), Is.Zero);
        Assert.That(table.IsSweepDue(200_002), Is.False);
    }

    [Test]
    public void An_execution_that_fails_leaves_nothing_behind()
    {
        var table = new SessionTable(TimeSpan.FromDays(7));
        Assert.That(table.Answer(Stamp(A, 5), 7, now: 0), Is.Null);
        Assert.That(table.GetLastNumber(A), Is.Zero);
        Assert.That(
            table.Answer(Stamp(A, 4) with { IsResend = true }, 7, now: 0)?.Error,
            Is.EqualTo(StorageErrorCode.OutcomeUnknown),
            "the session is not known by it");
        Assert.That(table.Answer(Stamp(A, 5) with { IsResend = true }, 7, now: 0)?.Error, Is.EqualTo(StorageErrorCode.OutcomeUnknown));
        Execute(table, Stamp(A, 5), now: 0);
        Assert.That(table.Answer(Stamp(A, 5) with { IsResend = true }, 7, now: 0), Is.EqualTo(WriteResult.AppliedAt(new Revision(5))));
    }

    [Test]
    public void A_long_life_within_a_window_keeps_just_what_is_not_acknowledged([Values(1, 3, 100, 5000)] int window)
    {
        var table = new SessionTable(TimeSpan.FromDays(7));
        for (int i = 1; i <= 20_000; i++)
        {
            ulong acknowledged = (ulong)Math.Max(0, i - window);
            Execute(table, Stamp(A, (ulong)i) with { AcknowledgedThrough = acknowledged }, now: 0);
            foreach (ulong number in new[] { acknowledged, acknowledged + 1, (ulong)i })
            {
                if (number > 0)
                {
                    WriteResult? answer = table.Answer(Stamp(A, number), 7, now: 0);
                    Assert.That(answer, Is.EqualTo(number <= acknowledged
                        ? WriteResult.NotExecuted(StorageErrorCode.OutcomeUnknown)
                        : WriteResult.AppliedAt(new Revision(number))));
                }
            }
        }
    }

    [Test]
    public void Steady_writes_take_no_memory()
    {
        var table = new SessionTable(TimeSpan.FromDays(7));
        ulong number = 0;
        Run(10_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(10_000);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1000));

        void Run(int count)
        {
            for (int i = 0; i < count; i++)
            {
                number++;
                Execute(table, Stamp(A, number) with { AcknowledgedThrough = number > 100 ? number - 100 : 0 }, now: 0);
            }
        }
    }

    private static WriteStamp Stamp(Guid session, ulong number) => new(session, number, 0, IsResend: false, IsUnanswered: false);

    private static void Execute(SessionTable table, in WriteStamp stamp, long now)
    {
        if (table.Answer(stamp, 7, now) is not null)
        {
            throw new AssertionException("It was to be executed.");
        }

        table.Record(stamp.Session, new SessionWrite(stamp.Number, 7, WriteResult.AppliedAt(new Revision(stamp.Number))));
    }
}
