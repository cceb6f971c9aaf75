using System.Buffers;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient;

/// <summary>
/// A scan under way, of rows or of their hashes: pages arrive on the loop that receives and wait, at most a window of them, for the
/// reader.
/// </summary>
/// <param name="type">What began it: <see cref="MessageType.Scan"/> or <see cref="MessageType.RangeHash"/>.</param>
internal sealed class PendingScan(MessageType type) : PendingRequest
{
    private readonly Lock _gate = new();
    private readonly Queue<RentedPage> _pages = new();
    private TaskCompletionSource? _arrival;
    private Exception? _failure;
    private bool _ended;
    private bool _abandoned;
    private bool _isBeingRead;

    public override MessageType Type { get; } = type;

    /// <summary>Whether the server still has something to say about the scan.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_gate)
            {
                return !_ended;
            }
        }
    }

    public override bool OnReply(MessageType type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case MessageType.ScanPage when Type == MessageType.Scan:
                ScanPageMessage rows = ScanPageMessage.Read(body);
                Add(rows.Revision, rows.Count, rows.Rows);
                break;
            case MessageType.RangeHashPage when Type == MessageType.RangeHash:
                RangeHashPageMessage hashes = RangeHashPageMessage.Read(body);
                Add(hashes.Revision, hashes.Count, hashes.Hashes);
                break;
            case MessageType.End:
                EndMessage.Read(body);
                End(null);
                break;
            case MessageType.Error:
                End(ErrorReply.Read(body).ToException());
                break;
            default:
                throw new StorageException(StorageErrorCode.ProtocolError, $"The server answered a {Type} with a {type}.");
        }

        return false;
    }

    public override void OnFailure(Exception exception) => End(exception);

    /// <summary>Takes the next page, if one has arrived.</summary>
    /// <param name="page">The page, to be disposed.</param>
    /// <param name="arrival">Completes when it is worth to try again; none when there is a page or the scan is over.</param>
    /// <returns>Whether there is a page.</returns>
    /// <exception cref="StorageException">The scan failed.</exception>
    public bool TryTake(out RentedPage page, out Task? arrival)
    {
        lock (_gate)
        {
            arrival = null;
            if (_pages.TryDequeue(out page))
            {
                _isBeingRead = true;
                return true;
            }

            if (_failure is StorageException failure)
            {
                throw new StorageException(failure.Code, failure.Message, failure.Outcome, failure);
            }

            if (!_ended)
            {
                _arrival ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                arrival = _arrival.Task;
            }

            return false;
        }
    }

    /// <summary>Begins anew, at a later revision; not when the reader has taken a page.</summary>
    /// <returns>Whether it can.</returns>
    public override bool TryRestart()
    {
        lock (_gate)
        {
            if (_isBeingRead || _abandoned)
            {
                return false;
            }

            DropPages();
            return true;
        }
    }

    /// <summary>Gives up what has arrived and what will.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _abandoned = true;
            DropPages();
        }
    }

    private void DropPages()
    {
        while (_pages.TryDequeue(out RentedPage page))
        {
            page.Dispose();
        }
    }

    private void Add(Revision revision, int count, ReadOnlySpan<byte> content)
    {
        TaskCompletionSource? arrival;
        lock (_gate)
        {
            if (_abandoned)
            {
                return;
            }

            _pages.Enqueue(RentedPage.Copy(revision, count, content));
            arrival = _arrival;
            _arrival = null;
        }

        arrival?.TrySetResult();
    }

    private void End(Exception? failure)
    {
        TaskCompletionSource? arrival;
        lock (_gate)
        {
            _ended = true;
            _failure ??= failure;
            arrival = _arrival;
            _arrival = null;
        }

        ReleaseBody();
        arrival?.TrySetResult();
    }

    /// <summary>A page in rented memory.</summary>
    /// <param name="revision">The revision of all pages.</param>
    /// <param name="count">How many rows or hashes there are.</param>
    /// <param name="length">How many bytes they take.</param>
    /// <param name="memory">Begins with them.</param>
    internal readonly struct RentedPage(Revision revision, int count, int length, byte[] memory) : IDisposable
    {
        /// <summary>The rows or hashes, packed.</summary>
        public ReadOnlyMemory<byte> Content => memory.AsMemory(0, length);

        /// <summary>The page as one of rows.</summary>
        public ScanPage Rows => new(revision, count, Content);

        /// <summary>The page as one of hashes.</summary>
        public RangeHashPageMessage Hashes => new(revision, count, Content.Span);

        public static RentedPage Copy(Revision revision, int count, ReadOnlySpan<byte> content)
        {
            byte[] memory = ArrayPool<byte>.Shared.Rent(content.Length);
            content.CopyTo(memory);
            return new RentedPage(revision, count, content.Length, memory);
        }

        public void Dispose() => ArrayPool<byte>.Shared.Return(memory);
    }
}
