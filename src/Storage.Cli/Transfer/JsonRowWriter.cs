namespace WsStorage.Cli.Transfer;

/// <summary>Writes an export as JSON lines, which have no head and no end.</summary>
internal sealed class JsonRowWriter(Stream output) : IRowWriter, IDisposable
{
    private readonly JsonLinesWriter _lines = new(output);

    public void Begin(Guid epoch, Revision revision)
    {
    }

    public void Write(ScanPage page)
    {
        foreach (ScanPage.Row row in page)
        {
            _lines.Write(row, keysOnly: false);
        }
    }

    public void End()
    {
    }

    public void Dispose() => _lines.Dispose();
}
