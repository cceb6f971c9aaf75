using System.Runtime.CompilerServices;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient;

/// <summary>Reads a walk of the server that hashes ranges, and sees to it that they are all that was asked for.</summary>
internal static class RemoteRangeHash
{
    public static async IAsyncEnumerable<RangeHash> ReadAsync(
        RequestQueue queue, WsStorageClientOptions options, RangeHashOptions hashOptions, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        KeyRange range = hashOptions.Range;
        KeyRange? last = null;
        var walk = new PendingScan(MessageType.RangeHash);
        walk.Encode(new RangeHashRequest(hashOptions, options.ScanWindowBytes));
        await foreach (PendingScan.RentedPage page in RemoteScan.ReadPagesAsync(queue, options, walk, cancellationToken).ConfigureAwait(false))
        {
            if (last is { End.IsEmpty: true })
            {
                throw Incomplete("goes on after a range that has no end");
            }

            foreach (RangeHash hash in page.Hashes.Unpack(last?.End ?? range.Start))
            {
                last = hash.Range;
                yield return hash;
            }
        }

        // Whoever compares would take what is missing for equal.
        if (last is { } reached ? !reached.End.Span.SequenceEqual(range.End.Span) : !range.IsEmpty)
        {
            throw Incomplete("ends elsewhere than it was asked to");
        }
    }

    private static StorageException Incomplete(string how) =>
        new(StorageErrorCode.ProtocolError, $"The server's walk over a range {how}. Its hashes are of no use.");
}
