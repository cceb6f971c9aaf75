using System.Diagnostics.CodeAnalysis;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>One open scan of a client: sends pages while it has credit.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The source has no timer, and a cancel may come at any time: it is left to the collector.")]
internal sealed class ScanSession
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _cancellation = new();
    private readonly IStorage _storage;
    private readonly MessageOutbox _outbox;
    private readonly SlowReaderGuard _slowReader;
    private readonly SessionContext _context;
    private readonly ScanOptions _options;
    private TaskCompletionSource? _creditWaiter;
    private long _credit;

    public ScanSession(ScanRequest request, IStorage storage, MessageOutbox outbox, SlowReaderGuard slowReader, SessionContext context)
    {
        int most = Math.Max(1024, context.MaxReplyBytes);
        _options = request.Options with { PageBytes = Math.Min(request.Options.PageBytes, most) };
        _credit = request.Credit;
        _storage = storage;
        _outbox = outbox;
        _slowReader = slowReader;
        _context = context;
    }

    /// <summary>Whether a cancel has come.</summary>
    public bool IsCancelled => _cancellation.IsCancellationRequested;

    public void AddCredit(long bytes)
    {
        TaskCompletionSource? waiter;
        lock (_gate)
        {
            _credit = Math.Min(_credit + bytes, int.MaxValue);
            waiter = _creditWaiter;
            _creditWaiter = null;
        }

        waiter?.TrySetResult();
    }

    public void Cancel() => _cancellation.Cancel();

    /// <summary>Sends the pages.</summary>
    /// <param name="id">The scan's id.</param>
    /// <returns>Completes when all pages are posted; the end is the caller's to post.</returns>
    public async Task SendPagesAsync(RequestId id)
    {
        await foreach (ScanPage page in _storage.ScanPagesAsync(_options, _cancellation.Token).ConfigureAwait(false))
        {
            if (page.Rows.Length <= _context.MaxReplyBytes)
            {
                await SendAsync(page, id).ConfigureAwait(false);
                continue;
            }

            // Only its last row can have made the page larger than the client takes.
            int start = FindLastRow(page);
            if (start > 0)
            {
                await SendAsync(new ScanPage(page.Revision, page.Count - 1, page.Rows[..start]), id).ConfigureAwait(false);
            }

            ReadOnlyMemory<byte> last = page.Rows[start..];
            if (last.Length > _context.MaxReplyBytes)
            {
                throw ReplyLimit.TooLarge(last.Length, _context.PeerMaxMessageBytes).ToException();
            }

            await SendAsync(new ScanPage(page.Revision, 1, last), id).ConfigureAwait(false);
        }
    }

    private static int FindLastRow(ScanPage page)
    {
        int end = 0;
        int start = 0;
        foreach (ScanPage.Row row in page)
        {
            start = end;
            end += FieldLength(row.Key) + FieldLength(row.Value);
        }

        return start;
    }

    private static int FieldLength(ReadOnlyMemory<byte> field) => BodyWriter.MeasureBytes(field.Span);

    private async ValueTask SendAsync(ScanPage page, RequestId id)
    {
        await WaitForCreditAsync().ConfigureAwait(false);
        await _slowReader.WaitForRoomAsync().ConfigureAwait(false);
        PackBuffer pack = _outbox.RentPack();
        pack.Append(new ScanPageMessage(page.Revision, page.Count, page.Rows.Span), id);
        AddCredit(-page.Rows.Length);
        _outbox.Post(pack, alone: true);
    }

    private async ValueTask WaitForCreditAsync()
    {
        TimeSpan timeout = _context.Options.SlowReaderTimeout;
        while (true)
        {
            Task wait;
            lock (_gate)
            {
                if (_credit > 0)
                {
                    return;
                }

                _creditWaiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                wait = _creditWaiter.Task;
            }

            try
            {
                await wait.WaitAsync(timeout, _context.TimeProvider, _cancellation.Token).ConfigureAwait(false);
            }
            catch (TimeoutException exception)
            {
                throw new StorageException(
                    StorageErrorCode.Timeout,
                    $"The scan was ended because its reader took nothing for {timeout}. Scan again from the last key read.",
                    WriteOutcome.NotApplied,
                    exception);
            }
        }
    }
}
