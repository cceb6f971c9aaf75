using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>
/// Requests that are answered one by one: those that come seldom; reads of a storage that does not read in batches, all at once;
/// and reads that must wait until the client has read what waits for it, one after the other. Thread-safe.
/// </summary>
internal sealed class SingleRequests(
    MessageOutbox outbox, SlowReaderGuard slowReader, SessionContext context, SessionLoad load)
{
    private readonly Lock _gate = new();
    private Task _lastInTurn = Task.CompletedTask;

    /// <summary>Answers a get.</summary>
    /// <param name="key">The key; copied.</param>
    /// <param name="id">The request's id.</param>
    /// <param name="inTurn">Whether to wait for room, and for those before it.</param>
    public void Get(ReadOnlyMemory<byte> key, RequestId id, bool inTurn)
    {
        byte[] copy = key.ToArray();
        Start(id, inTurn, async () =>
        {
            GetResult result = await context.Storage.GetAsync(copy).ConfigureAwait(false);
            Post(new GetReply(result.Revision, result.Found, result.Value), id);
        });
    }

    /// <summary>Answers a get of many.</summary>
    /// <param name="keys">The keys; copied.</param>
    /// <param name="id">The request's id.</param>
    /// <param name="inTurn">Whether to wait for room, and for those before it.</param>
    public void GetMany(ReadOnlyMemory<byte>[] keys, RequestId id, bool inTurn)
    {
        ReadOnlyMemory<byte>[] copies = Array.ConvertAll(keys, key => (ReadOnlyMemory<byte>)key.ToArray());
        Start(id, inTurn, async () =>
        {
            GetManyResult result = await context.Storage.GetManyAsync(copies).ConfigureAwait(false);
            Post(new GetManyReply(result.Revision, result.Values), id);
        });
    }

    /// <summary>Answers an info.</summary>
    /// <param name="id">The request's id.</param>
    public void Info(RequestId id) => Start(id, inTurn: false, async () =>
        Post(new InfoReply(await context.Storage.GetInfoAsync().ConfigureAwait(false)), id));

    /// <summary>Answers a keep-history.</summary>
    /// <param name="request">What it asks.</param>
    /// <param name="id">The request's id.</param>
    public void KeepHistory(KeepHistoryRequest request, RequestId id) => Start(id, inTurn: false, async () =>
    {
        await context.Storage.KeepHistoryAsync(request.Follower, request.After, request.Duration).ConfigureAwait(false);
        Post(new EmptyMessage(MessageType.KeepHistoryReply), id);
    });

    private void Start(RequestId id, bool inTurn, Func<Task> answer)
    {
        load.Begin();
        if (inTurn)
        {
            lock (_gate)
            {
                _lastInTurn = AnswerInTurnAsync(_lastInTurn, id, answer);
            }
        }
        else
        {
            _ = AnswerAsync(id, answer);
        }
    }

    private async Task AnswerInTurnAsync(Task previous, RequestId id, Func<Task> answer)
    {
        await previous.ConfigureAwait(false);
        await slowReader.WaitForRoomAsync().ConfigureAwait(false);
        await AnswerAsync(id, answer).ConfigureAwait(false);
    }

    private async Task AnswerAsync(RequestId id, Func<Task> answer)
    {
        try
        {
            await answer().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Post(context.ToReply(exception), id);
        }
        finally
        {
            load.End();
        }
    }

    private void Post<TMessage>(in TMessage reply, RequestId id)
        where TMessage : IMessage, allows ref struct
    {
        load.Answer();
        int length = reply.BodyLength;
        if (length > context.MaxReplyBytes)
        {
            outbox.Post(ReplyLimit.TooLarge(length, context.PeerMaxMessageBytes), id);
        }
        else
        {
            outbox.Post(reply, id);
        }
    }
}
