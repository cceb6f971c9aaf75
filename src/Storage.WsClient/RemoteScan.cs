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
        var scan = new PendingScan(MessageType.Scan);
        scan.Encode(new ScanRequest(scanOptions, options.ScanWindowBytes));
        await foreach (PendingScan.RentedPage page in ReadPagesAsync(queue, options, scan, cancellationToken).ConfigureAwait(false))
        {
            yield return page.Rows;
        }
    }

    /// <summary>Sends a scan and reads its pages.</summary>
    /// <param name="queue">Sends it.</param>
    /// <param name="options">Bounds and times.</param>
    /// <param name="scan">The scan, encoded, with <see cref="WsStorageClientOptions.ScanWindowBytes"/> of credit.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The pages, each valid until the next.</returns>
    public static async IAsyncEnumerable<PendingScan.RentedPage> ReadPagesAsync(
        RequestQueue queue, WsStorageClientOptions options, PendingScan scan, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
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

                    await WaitAsync(queue, scan, arrival, options, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                using (page)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    yield return page;
                }

                read += page.Content.Length;
                if (read >= options.ScanWindowBytes / 2)
                {
                    queue.Post(scan, new CreditMessage(read));
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

    private static async ValueTask WaitAsync(
        RequestQueue queue, PendingScan scan, Task arrival, WsStorageClientOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await arrival.WaitAsync(options.OperationTimeout, options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw queue.ExplainOverdue(scan);
        }
    }
}
