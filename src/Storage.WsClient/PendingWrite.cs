using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient;

/// <summary>
/// A write from its call to its end. When it is first handed to a connection whose server applies numbered writes once, it gets
/// a number, which it keeps over every sending; what else its server is told with it changes each time, and stands before the
/// body.
/// </summary>
internal sealed class PendingWrite : PendingReply<WriteResult>
{
    public PendingWrite() => NumberPlace = new LinkedListNode<PendingWrite>(this);

    public override MessageType Type => Number == 0 ? MessageType.Write : MessageType.NumberedWrite;

    /// <summary>Its number in the client's session; 0 while it has none.</summary>
    public ulong Number { get; set; }

    /// <summary>Whether a connection was lost on which it was in flight: then it may have been applied.</summary>
    public bool WasLost { get; set; }

    /// <summary>The store that it was first sent to.</summary>
    public Guid FirstEpoch { get; set; }

    /// <summary>How long that server remembered a session.</summary>
    public TimeSpan FirstRetention { get; set; }

    /// <summary>Its place among the numbered ones that are unanswered, when it is one of them.</summary>
    public LinkedListNode<PendingWrite> NumberPlace { get; }

    public override WriteOutcome Outcome =>
        Number != 0 || Stage == RequestStage.InFlight ? WriteOutcome.Unknown : WriteOutcome.NotApplied;

    public override bool IsRepeatable => Number != 0;

    protected override int MaxHeaderBytes => NumberedWriteRequest.MaxHeaderBytes;

    /// <summary>Says what the server is told with the next sending.</summary>
    /// <param name="stamp">The number and what goes with it.</param>
    public void SetStamp(in WriteStamp stamp)
    {
        Span<byte> header = stackalloc byte[NumberedWriteRequest.MaxHeaderBytes];
        SetHeader(header[..NumberedWriteRequest.WriteHeader(header, stamp)]);
    }

    protected override WriteResult Read(ReadOnlySpan<byte> body) => WriteReply.Read(body);

    /// <inheritdoc/>
    protected override StorageException ToFailure(in ErrorReply error)
    {
        // The refusal of a repetition says nothing of the first sending.
        WriteOutcome outcome = WasLost && error.Outcome == WriteOutcome.NotApplied ? WriteOutcome.Unknown : error.Outcome;
        return new StorageException(error.Code, error.Message, outcome);
    }

    protected override void Return(RequestPool pool)
    {
        Number = 0;
        WasLost = false;
        pool.Writes.Return(this);
    }
}
