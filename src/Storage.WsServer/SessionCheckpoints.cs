using System.Diagnostics.CodeAnalysis;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>
/// The requests of one connection for checkpoints. They are dealt with one after the other, so that however many a client sends
/// no more than one piece is in memory beyond what waits for it. Beginning them is the session loop's; they are answered on other
/// threads, since a file is read without a pause.
/// </summary>
/// <param name="outbox">Takes the replies.</param>
/// <param name="slowReader">Waits for the client to take them.</param>
/// <param name="context">What is served to whom.</param>
/// <param name="load">Counts the requests.</param>
[SuppressMessage("Design", "CA1001", Justification = "The source has no timer, and requests may still use it: it is left to the collector.")]
internal sealed class SessionCheckpoints(MessageOutbox outbox, SlowReaderGuard slowReader, SessionContext context, SessionLoad load)
{
    private readonly CancellationTokenSource _ended = new();
    private Task _last = Task.CompletedTask;

    /// <summary>Makes a checkpoint.</summary>
    /// <param name="id">The request's id.</param>
    /// <exception cref="StorageException">It is refused.</exception>
    public void Create(RequestId id) => Start(id, async storage =>
    {
        CheckpointInfo info = await storage.CreateCheckpointAsync(_ended.Token).ConfigureAwait(false);
        ErrorReply? refusal = Check(info);
        if (refusal is null)
        {
            Post(new CheckpointReply(info), id);
            return;
        }

        // Its id can't be told, so nobody else will.
        await storage.ReleaseCheckpointAsync(info.Id, _ended.Token).ConfigureAwait(false);
        Post(refusal.Value, id);
    });

    /// <summary>Reads a piece of a file.</summary>
    /// <param name="request">Which.</param>
    /// <param name="id">The request's id.</param>
    /// <exception cref="StorageException">It is refused.</exception>
    public void Read(CheckpointReadRequest request, RequestId id) => Start(id, async storage =>
    {
        await slowReader.WaitForRoomAsync().ConfigureAwait(false);
        CheckpointPiece piece = await storage
            .ReadCheckpointAsync(request.Checkpoint, request.File, request.Offset, request.Length, _ended.Token).ConfigureAwait(false);
        PostPiece(piece, id);
    });

    /// <summary>Releases a checkpoint.</summary>
    /// <param name="checkpoint">Which.</param>
    /// <param name="id">The request's id.</param>
    /// <exception cref="StorageException">It is refused.</exception>
    public void Release(Guid checkpoint, RequestId id) => Start(id, async storage =>
    {
        await storage.ReleaseCheckpointAsync(checkpoint, _ended.Token).ConfigureAwait(false);
        Post(new EmptyMessage(MessageType.CheckpointReleaseReply), id);
    });

    /// <summary>Begins nothing more, because nobody is left to be answered.</summary>
    public void End() => _ended.Cancel();

    private ErrorReply? Check(CheckpointInfo info)
    {
        if (info.Files.Count > CheckpointReply.MaxFiles)
        {
            return new ErrorReply(
                StorageErrorCode.ResultTooLarge,
                WriteOutcome.NotApplied,
                $"The store has {info.Files.Count} files; a checkpoint may have at most {CheckpointReply.MaxFiles}. Read its rows instead.");
        }

        int length = new CheckpointReply(info).BodyLength;
        return length > context.MaxReplyBytes ? ReplyLimit.TooLarge(length, context.PeerMaxMessageBytes) : null;
    }

    private ICheckpointStorage Expect()
    {
        if (!context.Options.AllowCheckpoints)
        {
            throw new StorageException(
                StorageErrorCode.Unsupported,
                $"This server hands out no checkpoints ({nameof(StorageSessionOptions.AllowCheckpoints)}). Read the rows instead.");
        }

        return context.Storage as ICheckpointStorage ?? throw new StorageException(
            StorageErrorCode.Unsupported, "The store has no files to hand out, so there are no checkpoints of it. Read the rows instead.");
    }

    private void Start(RequestId id, Func<ICheckpointStorage, Task> answer)
    {
        ICheckpointStorage storage = Expect();
        load.Begin();
        _last = AnswerAsync(_last, storage, id, answer);
    }

    private async Task AnswerAsync(Task previous, ICheckpointStorage storage, RequestId id, Func<ICheckpointStorage, Task> answer)
    {
        await previous.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            _ended.Token.ThrowIfCancellationRequested();
            await answer(storage).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // The session is over: there is nobody to be told.
            load.Answer();
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

    private void PostPiece(in CheckpointPiece piece, RequestId id)
    {
        var reply = new CheckpointPieceReply(piece.Hash, piece.Bytes.Span);
        int length = reply.BodyLength;
        if (length > context.MaxReplyBytes)
        {
            Post(ReplyLimit.TooLarge(length, context.PeerMaxMessageBytes), id);
        }
        else
        {
            Post(reply, id);
        }
    }

    private void Post<TMessage>(in TMessage reply, RequestId id)
        where TMessage : IMessage, allows ref struct
    {
        load.Answer();
        outbox.Post(reply, id);
    }
}
