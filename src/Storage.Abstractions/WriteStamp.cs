namespace WsStorage;

/// <summary>
/// Says which write of which session a <see cref="WriteBatch"/> is, so that one that is sent again is applied only once
/// (<see cref="IExactlyOnceStorage"/>).
/// </summary>
/// <param name="Session">The session. A server derives it from the client's id and the certificate that it showed.</param>
/// <param name="Number">The number of the write in its session, from 1 on; a later write has a greater number, numbers may be
/// left out, and none is used for two different batches.</param>
/// <param name="AcknowledgedThrough">The outcomes of all writes up to this number are known to the client, or given up: they
/// may be forgotten.</param>
/// <param name="IsResend">Whether the write may have been sent before. One that was not is applied even if the session is not
/// known.</param>
/// <param name="IsUnanswered">Whether no write of the session has been answered yet: then a session that is not known has not
/// been forgotten, and what is sent again was never applied.</param>
public readonly record struct WriteStamp(
    Guid Session, ulong Number, ulong AcknowledgedThrough, bool IsResend, bool IsUnanswered);
