using FsCheck;
using FsCheck.Fluent;

namespace WsStorage.Testing;

/// <summary>A random sequence of stamped writes, restarts and long pauses, which can be made smaller and reads as a list.</summary>
/// <param name="steps">The steps.</param>
internal sealed class SessionSequence(IReadOnlyList<SessionStep> steps)
{
    private static readonly Gen<SessionStep> Step = Gen.Frequency(
        (30, from session in Gen.Choose(0, 1)
             from number in Gen.Choose(1, 12)
             from acknowledged in Gen.Frequency((2, Gen.Constant(0)), (1, Gen.Choose(0, 11)))
             from body in Gen.Choose(0, 3)
             from flags in Gen.Choose(0, 3)
             select new SessionStep(StepKind.Send, session, (ulong)number, (ulong)Math.Min(acknowledged, number - 1), body, flags)),
        (2, Gen.Constant(new SessionStep(StepKind.Restart))),
        (1, Gen.Constant(new SessionStep(StepKind.Pause))));

    public static Arbitrary<SessionSequence> Arbitrary { get; } = Arb.From(
        Step.ListOf().Select(steps => new SessionSequence([.. steps])),
        sequence => sequence.Shrink());

    /// <summary>Runs the sequence on a storage and on the model, in sessions that are new, and compares every answer.</summary>
    public async Task CompareAsync(SessionRun run)
    {
        Guid[] sessions = [Guid.NewGuid(), Guid.NewGuid()];
        var model = new SessionModel(await run.Storage.RemoveRangeAsync(KeyRange.All, run.Deadline));
        foreach (SessionStep step in steps)
        {
            switch (step.Kind)
            {
                case StepKind.Restart:
                    if (await run.RestartAsync())
                    {
                        model.Restart();
                    }

                    break;
                case StepKind.Pause:
                    run.Pause();
                    model.Expire();
                    break;
                default:
                    WriteBatch batch = SessionModel.ToBatch(step.Body);
                    batch.Stamp = new WriteStamp(
                        sessions[step.Session], step.Number, step.Acknowledged, (step.Flags & 1) != 0, (step.Flags & 2) != 0);
                    var results = new WriteResult[1];
                    await run.Storage.WriteManyAsync(new[] { batch }, results, run.Deadline);
                    Assert.That(results[0], Is.EqualTo(model.Send(batch.Stamp.Value, step.Body)), step.ToString());
                    Assert.That(run.Storage.GetLastNumber(sessions[step.Session]), Is.EqualTo(model.LastNumber(sessions[step.Session])));
                    break;
            }
        }

        Assert.That((await run.Storage.GetInfoAsync(run.Deadline)).Revision, Is.EqualTo(model.Revision), "revision");
    }

    public override string ToString() =>
        string.Concat(steps.Select((step, i) => $"{Environment.NewLine}  {i + 1}. {step}")) + Environment.NewLine;

    private IEnumerable<SessionSequence> Shrink() => Shrinking.Shorter(steps).Select(fewer => new SessionSequence(fewer));
}

/// <summary>What happens in a <see cref="SessionSequence"/>.</summary>
internal enum StepKind
{
    Send,
    Restart,
    Pause,
}

/// <summary>One step: of a write its session, number, what it acknowledges, its body, and whether it is a resend (1) and
/// unanswered (2).</summary>
internal sealed record SessionStep(
    StepKind Kind, int Session = 0, ulong Number = 0, ulong Acknowledged = 0, int Body = 0, int Flags = 0)
{
    public override string ToString() => Kind != StepKind.Send
        ? Kind.ToString()
        : $"send body {Body} as {Session}/{Number}, acknowledged {Acknowledged}{((Flags & 1) != 0 ? ", again" : "")}{((Flags & 2) != 0 ? ", unanswered" : "")}";
}

/// <summary>What a <see cref="SessionSequence"/> runs on.</summary>
/// <param name="storage">The storage, as it is open now.</param>
/// <param name="restart">Closes and opens it with its content, if it can.</param>
/// <param name="time">Its clock.</param>
/// <param name="retention">How long it remembers a session.</param>
/// <param name="deadline">Passed to every operation.</param>
internal sealed class SessionRun(
    Func<IExactlyOnceStorage> storage, Func<Task> restart, ManualTimeProvider time, TimeSpan retention, CancellationToken deadline)
{
    public IExactlyOnceStorage Storage => storage();

    public CancellationToken Deadline => deadline;

    public void Pause() => time.Advance(2 * retention);

    /// <summary>Restarts the storage.</summary>
    /// <returns>Whether it could.</returns>
    public async Task<bool> RestartAsync()
    {
        IExactlyOnceStorage before = Storage;
        await restart();
        return !ReferenceEquals(before, Storage);
    }
}
