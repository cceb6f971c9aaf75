using System.Runtime.CompilerServices;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient;

/// <summary>Reads a scan of the server: hands out its pages, and grants it more as they are read.</summary>
internal static class RemoteScan
{
    public static async IAsyncEnumerable<ScanPage> ReadAsync(
        RequestQueue queue, WsStorageClientOptions options, ScanOptions scanOptions, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var scan = new PendingScan();
        scan.Encode(new ScanRequest(scanOptions, options.ScanWindowBytes));
        queue.Submit(scan);
        int read = 0;
        try
        {
            while (true)
            {
                if (!scan.TryTake(out PendingScan.RentedPage page, out Task? arrival))
                {
                    if (arrival is null)
                    {
                        yield break;
                    }

                    await WaitAsync(arrival, options, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                using (page)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    yield return page.Page;
                }

                read += page.Page.Rows.Length;
                if (read >= options.ScanWindowBytes / 2)
                {
                    queue.Post(scan, new ScanCreditMessage(read));
                    read = 0;
                }
            }
        }
        finally
        {
            scan.Abandon();
            if (scan.IsOpen)
            {
                queue.Abandon(scan);
            }
        }
    }

    private static async ValueTask WaitAsync(Task arrival, WsStorageClientOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await arrival.WaitAsync(options.OperationTimeout, options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            throw new StorageException(
                StorageErrorCode.Timeout,
                $"{options.Url} sent nothing of the scan for {options.OperationTimeout}.",
                WriteOutcome.NotApplied,
                exception);
        }
    }
}
