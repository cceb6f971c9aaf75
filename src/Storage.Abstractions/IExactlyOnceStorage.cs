namespace WsStorage;

/// <summary>
/// A storage that applies a batch with a <see cref="WriteBatch.Stamp"/> once, however often it is written: the record of its
/// outcome is committed in the same atomic write as its effect, and a repetition gets the first outcome, a failed
/// precondition included.
/// </summary>
/// <remarks>
/// <para>A stamped batch ends in one of these ways. Its number is on record with the same content: the first outcome. On record
/// with other content: <see cref="StorageErrorCode.NumberReused"/>. Not on record, and acknowledged, or sent again in a session
/// that is not known any more: <see cref="StorageErrorCode.OutcomeUnknown"/>. Else it is executed.</para>
/// <para><see cref="IStorage.WriteAsync"/> throws these errors; <see cref="IBatchStorage.WriteManyAsync"/> reports them in the
/// results (<see cref="WriteResult.Error"/>).</para>
/// </remarks>
public interface IExactlyOnceStorage : IBatchStorage
{
    /// <summary>How long a session is remembered after its last write.</summary>
    TimeSpan SessionRetention { get; }

    /// <summary>How far a session has come.</summary>
    /// <param name="session">The session.</param>
    /// <returns>The greatest number that a write of it had; 0 when the session is not known.</returns>
    ulong GetLastNumber(Guid session);
}
