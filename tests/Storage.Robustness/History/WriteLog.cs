using System.Runtime.InteropServices;

namespace WsStorage.Robustness.History;

/// <summary>A write that was acknowledged.</summary>
/// <param name="Id">Which.</param>
/// <param name="Revision">The revision that its writer was told.</param>
/// <param name="Digest">The digest of what was written.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct AcknowledgedWrite(WriteId Id, uint Revision, ulong Digest);

/// <summary>A write that ended with an error.</summary>
/// <param name="Id">Which.</param>
/// <param name="Outcome">What its writer was told of it.</param>
/// <param name="Message">The error.</param>
internal sealed record FailedWrite(WriteId Id, WriteOutcome Outcome, string Message);

/// <summary>What the writers of a run were told. Thread-safe.</summary>
internal sealed class WriteLog
{
    private readonly Lock _gate = new();
    private readonly List<AcknowledgedWrite> _acknowledged = [];
    private readonly List<FailedWrite> _failed = [];

    /// <summary>How many writes were acknowledged.</summary>
    public Milestone AcknowledgedCount { get; } = new();

    /// <summary>The acknowledged writes; to be read when all writers have ended.</summary>
    public IReadOnlyList<AcknowledgedWrite> Acknowledged => _acknowledged;

    /// <summary>The others; to be read when all writers have ended.</summary>
    public IReadOnlyList<FailedWrite> Failed => _failed;

    /// <summary>A write was acknowledged.</summary>
    public void Acknowledge(WriteId id, Revision revision, ulong digest)
    {
        lock (_gate)
        {
            _acknowledged.Add(new AcknowledgedWrite(id, checked((uint)revision.Value), digest));
        }

        AcknowledgedCount.Add(1);
    }

    /// <summary>A write ended with an error.</summary>
    public void Fail(WriteId id, StorageException exception)
    {
        lock (_gate)
        {
            _failed.Add(new FailedWrite(id, exception.Outcome, $"{exception.Code}: {exception.Message}"));
        }
    }
}
