using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>One open scan of a client: sends pages while it has credit.</summary>
internal sealed class ScanSession : PagedStream
{
    private readonly SessionContext _context;
    private readonly ScanOptions _options;

    public ScanSession(ScanRequest request, RequestId id, MessageOutbox outbox, SlowReaderGuard slowReader, SessionContext context)
        : base(id, request.Credit, outbox, slowReader, context)
    {
        int most = Math.Max(1024, context.MaxReplyBytes);
        _options = request.Options with { PageBytes = Math.Min(request.Options.PageBytes, most) };
        _context = context;
    }

    public override async Task SendAsync()
    {
        await foreach (ScanPage page in _context.Storage.ScanPagesAsync(_options, Cancelled).ConfigureAwait(false))
        {
            if (page.Rows.Length <= _context.MaxReplyBytes)
            {
                await SendAsync(page).ConfigureAwait(false);
                continue;
            }

            // Only its last row can have made the page larger than the client takes.
            int start = FindLastRow(page);
            if (start > 0)
            {
                await SendAsync(new ScanPage(page.Revision, page.Count - 1, page.Rows[..start])).ConfigureAwait(false);
            }

            ReadOnlyMemory<byte> last = page.Rows[start..];
            if (last.Length > _context.MaxReplyBytes)
            {
                throw ReplyLimit.TooLarge(last.Length, _context.PeerMaxMessageBytes).ToException();
            }

            await SendAsync(new ScanPage(page.Revision, 1, last)).ConfigureAwait(false);
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

    private async ValueTask SendAsync(ScanPage page)
    {
        await WaitForTurnAsync().ConfigureAwait(false);
        Post(new ScanPageMessage(page.Revision, page.Count, page.Rows.Span), page.Rows.Length);
    }
}
