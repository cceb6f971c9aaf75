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

    public int Count { get; private set; }

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

    /// <summary>Writes one reply for each write.</summary>
    /// <param name="replies">Where to.</param>
    /// <param name="failure">The failure of all of them, or none: then each has a result.</param>
    public void AppendReplies(ReplyWriter replies, ErrorReply? failure)
    {
        for (int i = 0; i < Count; i++)
        {
            if (failure is { } error)
            {
                replies.Append(error, _ids[i]);
            }
            else
            {
                replies.Append(new WriteReply(_results[i]), _ids[i]);
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

        Count = 0;
        ByteCount = 0;
    }
}
