namespace WsStorage.Cli.Transfer;

/// <summary>Writes an export.</summary>
internal interface IRowWriter
{
    /// <summary>Writes what stands before the first row: which store and revision the rows are of.</summary>
    void Begin(Guid epoch, Revision revision);

    void Write(ScanPage page);

    /// <summary>Writes what stands after the last row.</summary>
    void End();
}
