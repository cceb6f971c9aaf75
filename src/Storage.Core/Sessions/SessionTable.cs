using System.Collections.Concurrent;

namespace WsStorage.Core.Sessions;

/// <summary>
/// The sessions of an engine (<see cref="IExactlyOnceStorage"/>): which numbered writes were executed, with which outcome, and
/// so whether one that comes is to be executed. Used in the order of commits, by one thread at a time; only
/// <see cref="GetLastNumber"/> may be called by any.
/// </summary>
/// <remarks>
/// A session is known from the number on that it began with. A resend with a smaller number is treated like one of a session
/// that is not known: it may have been executed in a session of the same name that was forgotten meanwhile.
/// </remarks>
/// <param name="retention">How long a session is remembered after its last use, at least.</param>
public sealed class SessionTable(TimeSpan retention)
{
    /// <summary>How many executed writes a session may have that are not acknowledged: 65,536.</summary>
    public const int MaxUnacknowledged = 65_536;

    /// <summary>How many sessions are remembered; beyond, those that were not used for the longest time are forgotten.</summary>
    public const int MaxSessions = 100_000;

    private readonly ConcurrentDictionary<Guid, Session> _sessions = new(concurrencyLevel: 1, capacity: 31);
    private readonly long _retention = (long)retention.TotalMilliseconds;
    private int _count;
    private long _nextSweep = long.MinValue;

    /// <summary>How long a session is remembered after its last use, at least; at most an eighth longer.</summary>
    public TimeSpan Retention { get; } = retention;

    /// <summary>How many sessions there are.</summary>
    public int Count => _count;

    /// <summary>The greatest number that an executed write of a session had. Thread-safe.</summary>
    /// <param name="session">The session.</param>
    /// <returns>The number; 0 when the session is not known.</returns>
    public ulong GetLastNumber(Guid session) => _sessions.TryGetValue(session, out Session? known) ? known.LastNumber : 0;

    /// <summary>Answers a write that is not to be executed; prepares for the execution of one that is.</summary>
    /// <param name="stamp">Which write it is; checked by <see cref="StampedFailure.Check"/>.</param>
    /// <param name="hash">The hash of its content (<see cref="BodyHash"/>).</param>
    /// <param name="now">The time, in milliseconds since 1970 UTC.</param>
    /// <returns>The first outcome or an error; <see langword="null"/> when the write is to be executed. After that either
    /// <see cref="Record"/> is called, which then can't fail, or the execution has failed and it is as if it had never been.</returns>
    public WriteResult? Answer(in WriteStamp stamp, ulong hash, long now)
    {
        bool mayBeForgotten = stamp is { IsResend: true, IsUnanswered: false };
        if (!_sessions.TryGetValue(stamp.Session, out Session? session))
        {
            if (mayBeForgotten)
            {
                return WriteResult.NotExecuted(StorageErrorCode.OutcomeUnknown);
            }

            session = AddSession(stamp.Session);
        }

        session.Touch(now);
        if (session.TryFind(stamp.Number, out SessionWrite write))
        {
            if (write.Hash != hash)
            {
                return WriteResult.NotExecuted(StorageErrorCode.NumberReused);
            }

            session.Acknowledge(stamp.AcknowledgedThrough);
            return write.Result;
        }

        session.Acknowledge(stamp.AcknowledgedThrough);
        if (stamp.Number <= session.AcknowledgedThrough || (mayBeForgotten && stamp.Number < session.KnownFrom))
        {
            return WriteResult.NotExecuted(StorageErrorCode.OutcomeUnknown);
        }

        if (session.IsFull)
        {
            return WriteResult.NotExecuted(StorageErrorCode.LimitExceeded);
        }

        session.Reserve();
        return null;
    }

    /// <summary>Remembers a write that was executed.</summary>
    /// <param name="session">The session.</param>
    /// <param name="write">The write.</param>
    public void Record(Guid session, in SessionWrite write) => _sessions[session].Add(write);

    /// <summary>How far a session is.</summary>
    /// <param name="session">A session with a recorded write.</param>
    /// <returns>The facts to store beside its writes.</returns>
    public SessionMark GetMark(Guid session) => _sessions[session].Mark;

    /// <summary>Takes back what was stored. Called for the stored pieces of a session in the order in which they were stored.</summary>
    /// <param name="session">The session.</param>
    /// <param name="mark">What <see cref="GetMark"/> gave.</param>
    /// <param name="writes">The writes stored with it.</param>
    public void Load(Guid session, in SessionMark mark, ReadOnlySpan<SessionWrite> writes)
    {
        if (!_sessions.TryGetValue(session, out Session? loaded))
        {
            loaded = AddSession(session);
        }

        loaded.Load(mark);
        foreach (SessionWrite write in writes)
        {
            if (write.Number > loaded.AcknowledgedThrough && !loaded.TryFind(write.Number, out _))
            {
                loaded.Reserve();
                loaded.Add(write);
            }
        }
    }

    /// <summary>Whether it is time to forget sessions that were not used for long.</summary>
    /// <param name="now">The time, in milliseconds since 1970 UTC.</param>
    /// <returns>Whether <see cref="Sweep"/> is to be called.</returns>
    public bool IsSweepDue(long now) => now >= _nextSweep || _count > MaxSessions;

    /// <summary>Forgets the sessions that were not used for long.</summary>
    /// <param name="now">The time, in milliseconds since 1970 UTC.</param>
    /// <param name="forgotten">Is given their names.</param>
    public void Sweep(long now, ICollection<Guid> forgotten)
    {
        _nextSweep = now + Math.Max(1, _retention / 8);
        long usedSince = now - _retention;
        if (_count > MaxSessions)
        {
            // A sixteenth more than is needed, so that the next session does not sort them all again.
            long[] inOrder = [.. _sessions.Values.Select(session => session.LastUsed).Order()];
            usedSince = Math.Max(usedSince, inOrder[_count - MaxSessions + (MaxSessions / 16) - 1] + 1);
        }

        foreach ((Guid name, Session session) in _sessions)
        {
            if (session.LastUsed < usedSince && _sessions.TryRemove(name, out _))
            {
                _count--;
                forgotten.Add(name);
            }
        }
    }

    private Session AddSession(Guid name)
    {
        var session = new Session();
        _sessions[name] = session;
        _count++;
        return session;
    }
}
