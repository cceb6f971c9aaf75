using System.Runtime.CompilerServices;

namespace WsStorage.Replica.Serving;

/// <summary>Walks of a copy, which stays open until they are done.</summary>
/// <param name="leases">The copy.</param>
internal sealed class ReplicaScan(CopyLeases leases)
{
    /// <summary>Scans.</summary>
    public async IAsyncEnumerable<ScanPage> RunAsync(ScanOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        options.Validate();
        using CopyLease lease = await leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
        await foreach (ScanPage page in lease.Copy.ScanPagesAsync(options, cancellationToken).ConfigureAwait(false))
        {
            leases.CheckOpen();
            yield return page;
        }
    }

    /// <summary>Hashes.</summary>
    public async IAsyncEnumerable<RangeHash> HashAsync(
        RangeHashOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        options.Validate();
        using CopyLease lease = await leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
        await foreach (RangeHash hash in lease.Copy.HashRangesAsync(options, cancellationToken).ConfigureAwait(false))
        {
            leases.CheckOpen();
            yield return hash;
        }
    }
}
