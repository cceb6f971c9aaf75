using System.Buffers;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient;

/// <summary>
/// A scan under way: pages arrive on the loop that receives and wait, at most a window of them, for the reader.
/// </summary>
internal sealed class PendingScan : PendingRequest
{
    private readonly Lock _gate = new();
    private readonly Queue<RentedPage> _pages = new();
    private TaskCompletionSource? _arrival;
    private Exception? _failure;
    private bool _ended;
    private bool _abandoned;

    public override MessageType Type => MessageType.Scan;

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

    public override void OnReply(MessageType type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case MessageType.ScanPage:
                Add(ScanPageMessage.Read(body));
                break;
            case MessageType.ScanEnd:
                ScanEndMessage.Read(body);
                End(null);
                break;
            case MessageType.Error:
                End(ErrorReply.Read(body).ToException());
                break;
            default:
                throw new StorageException(StorageErrorCode.ProtocolError, $"The server answered a scan with a {type}.");
        }
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

    /// <summary>Gives up what has arrived and what will.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _abandoned = true;
            while (_pages.TryDequeue(out RentedPage page))
            {
                page.Dispose();
            }
        }
    }

    private void Add(ScanPageMessage message)
    {
        TaskCompletionSource? arrival;
        lock (_gate)
        {
            if (_abandoned)
            {
                return;
            }

            _pages.Enqueue(RentedPage.Copy(message));
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
    internal readonly struct RentedPage(ScanPage page, byte[] memory) : IDisposable
    {
        public ScanPage Page => page;

        public static RentedPage Copy(ScanPageMessage message)
        {
            byte[] memory = ArrayPool<byte>.Shared.Rent(message.Rows.Length);
            message.Rows.CopyTo(memory);
            return new RentedPage(new ScanPage(message.Revision, message.Count, memory.AsMemory(0, message.Rows.Length)), memory);
        }

        public void Dispose() => ArrayPool<byte>.Shared.Return(memory);
    }
}
