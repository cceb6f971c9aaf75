namespace WsStorage.Core.Sessions;

/// <summary>A numbered write that was executed, as it is remembered.</summary>
/// <param name="Number">Its number in its session.</param>
/// <param name="Hash">The hash of its content (<see cref="BodyHash"/>).</param>
/// <param name="Result">Its outcome: applied, or refused by a precondition.</param>
public readonly record struct SessionWrite(ulong Number, ulong Hash, WriteResult Result);

/// <summary>How far a session is, its writes aside.</summary>
/// <param name="KnownFrom">The number of the write that began it. What has a smaller number may have been executed in a session of
/// the same name that was forgotten.</param>
/// <param name="AcknowledgedThrough">The writes up to this number are forgotten.</param>
/// <param name="LastNumber">The greatest number of all its writes.</param>
/// <param name="LastUsed">When it was last written in, in milliseconds since 1970 UTC.</param>
public readonly record struct SessionMark(ulong KnownFrom, ulong AcknowledgedThrough, ulong LastNumber, long LastUsed);
