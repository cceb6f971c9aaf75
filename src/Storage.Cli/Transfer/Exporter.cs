namespace WsStorage.Cli.Transfer;

/// <summary>Writes the rows of a scan, and so of one revision, to a target, a page at a time.</summary>
internal sealed class Exporter(IStorage storage, TransferFormat format, ExportTarget target)
{
    public long Rows { get; private set; }

    /// <summary>The revision of the rows.</summary>
    public Revision Revision { get; private set; }

    public async Task RunAsync(ScanOptions options, CancellationToken cancellationToken)
    {
        StorageInfo info = await storage.GetInfoAsync(cancellationToken);
        double expected = options.Range == KeyRange.All ? info.ApproximateKeys : 0;
        await TransferProgress.RunAsync("Exporting", expected, report => WriteAsync(info, options, report, cancellationToken));
    }

    private async Task WriteAsync(
        StorageInfo info, ScanOptions options, Action<double, long> report, CancellationToken cancellationToken)
    {
        using var json = format == TransferFormat.JsonLines ? new JsonRowWriter(target.Stream) : null;
        IRowWriter writer = json is null ? new BinaryRowWriter(target.Stream) : json;
        bool begun = false;
        await foreach (ScanPage page in storage.ScanPagesAsync(options, cancellationToken))
        {
            if (!begun)
            {
                Begin(writer, info.Epoch, page.Revision);
                begun = true;
            }

            writer.Write(page);
            Rows += page.Count;
            await target.FlushAsync();
            report(Rows, Rows);
        }

        if (!begun)
        {
            // Nothing in the range: the revision of the question is as good as any after it.
            Begin(writer, info.Epoch, info.Revision);
        }

        writer.End();
    }

    private void Begin(IRowWriter writer, Guid epoch, Revision revision)
    {
        Revision = revision;
        writer.Begin(epoch, revision);
    }
}
