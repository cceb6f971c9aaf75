namespace WsStorage.Cli.Transfer;

/// <summary>Reads what is to be imported.</summary>
internal interface IRowReader
{
    /// <summary>How far the input has been read, in bytes.</summary>
    long BytesRead { get; }

    /// <summary>Adds rows to a batch as puts, until it has <paramref name="batchBytes"/> or a row more.</summary>
    /// <returns>Whether there may be more rows.</returns>
    /// <exception cref="MalformedInputException">The input is damaged; the rows before the damage are in the batch.</exception>
    ValueTask<bool> FillAsync(WriteBatch batch, int batchBytes, CancellationToken cancellationToken);
}
