using WsStorage.Protocol;
using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>
/// A stream of pages that are all of one version of the store: it pins that, so it does not wait for its reader for ever.
/// </summary>
internal abstract class PagedStream(
    RequestId id, long credit, MessageOutbox outbox, SlowReaderGuard slowReader, SessionContext context) : OpenStream(id, credit)
{
    private bool _hasPosted;

    /// <summary>Waits until a page may be sent.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Timeout"/>: the reader granted nothing in its time.</exception>
    protected async ValueTask WaitForTurnAsync()
    {
        await WaitForCreditInTimeAsync().ConfigureAwait(false);
        await slowReader.WaitForRoomAsync().ConfigureAwait(false);
    }

    /// <summary>Sends a page.</summary>
    /// <typeparam name="TMessage">Its type.</typeparam>
    /// <param name="page">The page; copied.</param>
    /// <param name="bytes">What it takes of the credit.</param>
    protected void Post<TMessage>(in TMessage page, int bytes)
        where TMessage : IMessage, allows ref struct
    {
        PackBuffer pack = outbox.RentPack();
        pack.Append(page, Id);
        Spend(bytes);

        // The first page may be the only one, and is sent without a change of threads; the next is read while one is sent.
        outbox.Post(pack, alone: !_hasPosted);
        _hasPosted = true;
    }

    private async ValueTask WaitForCreditInTimeAsync()
    {
        Task granted = WaitForCreditAsync();
        if (granted.IsCompleted)
        {
            return;
        }

        TimeSpan timeout = context.Options.SlowReaderTimeout;
        try
        {
            await granted.WaitAsync(timeout, context.TimeProvider, Cancelled).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            throw new StorageException(
                StorageErrorCode.Timeout,
                $"The scan was ended because its reader took nothing for {timeout}. Begin again at the last key that was read.",
                WriteOutcome.NotApplied,
                exception);
        }
    }
}
