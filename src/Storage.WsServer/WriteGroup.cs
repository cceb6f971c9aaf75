using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsServer;

/// <summary>Writes that arrived together: committed in one call, answered together.</summary>
internal sealed class WriteGroup(int capacity)
{
    // A batch that once was large keeps its memory; beyond this it is given up rather than kept for ever.
    private const int MaxKeptBytes = 64 * 1024;

    private readonly WriteBatch?[] _batches = new WriteBatch?[capacity];
    private readonly WriteResult[] _results = new WriteResult[capacity];
    private readonly RequestId[] _ids = new RequestId[capacity];
    private readonly Exception?[] _failures = new Exception?[capacity];

    public int Count { get; private set; }

    /// <summary>Whether no more fit.</summary>
    public bool IsFull => Count == capacity;

    public long ByteCount { get; private set; }

    public ReadOnlyMemory<WriteBatch> Batches => ((WriteBatch[])_batches!).AsMemory(0, Count);

    public Memory<WriteResult> Results => _results.AsMemory(0, Count);

    /// <summary>The batch that the next <see cref="Add"/> adds: load it first.</summary>
    public WriteBatch Next => _batches[Count] ??= new WriteBatch();

    public void Add(RequestId id)
    {
        ByteCount += Next.ByteCount;
        _ids[Count++] = id;
    }

    /// <summary>Notes that a write has failed and has no result.</summary>
    /// <param name="index">Its place in the group.</param>
    /// <param name="failure">Why.</param>
    public void Fail(int index, Exception failure) => _failures[index] = failure;

    /// <summary>Notes that the call for all of them has failed, and none has a result.</summary>
    /// <param name="failure">Why.</param>
    public void FailAll(Exception failure) => _failures.AsSpan(0, Count).Fill(failure);

    /// <summary>Writes one reply for each write.</summary>
    /// <param name="replies">Where to.</param>
    /// <param name="context">Makes the reply to a failure.</param>
    public void AppendReplies(ReplyWriter replies, SessionContext context)
    {
        Exception? told = null;
        ErrorReply error = default;
        for (int i = 0; i < Count; i++)
        {
            if (_failures[i] is { } failure)
            {
                if (failure != told)
                {
                    // The one failure of many writes is logged once.
                    error = context.ToReply(failure, WriteOutcome.Unknown);
                    told = failure;
                }

                replies.Append(error, _ids[i]);
            }
            else if (_batches[i]!.Stamp is null)
            {
                replies.Append(new WriteReply(_results[i]), _ids[i]);
            }
            else
            {
                AppendNumbered(replies, context, i);
            }
        }
    }

    public void Clear()
    {
        for (int i = 0; i < Count; i++)
        {
            if (_batches[i]!.ByteCount > MaxKeptBytes)
            {
                _batches[i] = null;
            }
        }

        _failures.AsSpan(0, Count).Clear();
        Count = 0;
        ByteCount = 0;
    }

    private void AppendNumbered(ReplyWriter replies, SessionContext context, int index)
    {
        WriteResult result;
        try
        {
            result = _results[index].EnsureExecuted();
        }
        catch (StorageException exception)
        {
            replies.Append(context.ToReply(exception), _ids[index]);
            return;
        }

        replies.Append(new NumberedWriteReply(result), _ids[index]);
    }
}
