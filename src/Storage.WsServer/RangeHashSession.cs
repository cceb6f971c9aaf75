using System.Buffers;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>One open walk of a client that hashes ranges: sends pages of hashes while it has credit.</summary>
internal sealed class RangeHashSession : PagedStream
{
    private const int PageBytes = 16 * 1024;

    // The client waits for a page no longer than for any answer, and hashes of large rows come slowly.
    private static readonly TimeSpan MaxPageAge = TimeSpan.FromSeconds(1);

    private readonly ArrayBufferWriter<byte> _hashes = new();
    private readonly RangeHashOptions _options;
    private readonly SessionContext _context;
    private readonly int _maxBytes;
    private Revision _revision;
    private int _count;

    public RangeHashSession(
        RangeHashRequest request, RequestId id, MessageOutbox outbox, SlowReaderGuard slowReader, SessionContext context)
        : base(id, request.Credit, outbox, slowReader, context)
    {
        _options = request.Options;
        _context = context;
        _maxBytes = Math.Min(PageBytes, context.MaxReplyBytes);
    }

    public override async Task SendAsync()
    {
        long begun = _context.TimeProvider.GetTimestamp();
        await foreach (RangeHash hash in _context.Storage.HashRangesAsync(_options, Cancelled).ConfigureAwait(false))
        {
            int length = RangeHashPageMessage.MeasureHash(hash);
            if (length > _context.MaxReplyBytes)
            {
                throw ReplyLimit.TooLarge(length, _context.PeerMaxMessageBytes).ToException();
            }

            if (_hashes.WrittenCount + length > _maxBytes)
            {
                await FlushAsync().ConfigureAwait(false);
            }

            Append(hash, length);
            if (_context.TimeProvider.GetElapsedTime(begun) >= MaxPageAge)
            {
                await FlushAsync().ConfigureAwait(false);
                begun = _context.TimeProvider.GetTimestamp();
            }
        }

        await FlushAsync().ConfigureAwait(false);
    }

    private void Append(in RangeHash hash, int length)
    {
        var writer = new BodyWriter(_hashes.GetSpan(length));
        RangeHashPageMessage.WriteHash(ref writer, hash);
        _hashes.Advance(length);
        _revision = hash.Revision;
        _count++;
    }

    private async ValueTask FlushAsync()
    {
        if (_count == 0)
        {
            return;
        }

        await WaitForTurnAsync().ConfigureAwait(false);
        Post(new RangeHashPageMessage(_revision, _count, _hashes.WrittenSpan), _hashes.WrittenCount);
        _hashes.ResetWrittenCount();
        _count = 0;
    }
}
