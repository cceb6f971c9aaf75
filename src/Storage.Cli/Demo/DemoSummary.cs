namespace WsStorage.Cli.Demo;

/// <summary>What the demo showed, and whether it held.</summary>
internal sealed class DemoSummary(Producer producer, ClientReport client, StoreDigest held, TimeSpan elapsed, Uri url)
{
    // The client's own: its rounds, and how many values it had read.
    private const int ClientRows = 2;

    /// <summary>Prints it.</summary>
    /// <returns>The exit code.</returns>
    public int Print()
    {
        double seconds = elapsed.TotalSeconds;
        Console.WriteLine($"""

            Recorded    {producer.Recorded:N0} readings of this machine in {seconds:0.0} s ({producer.Recorded / seconds:0.0} a second), straight into the storage.
            Read back   {client.ValuesRead:N0} values over {url}, in another process:
                        {client.Gets:N0} single gets (p50 {client.GetP50Milliseconds:0.000} ms, p99 {client.GetP99Milliseconds:0.000} ms), {client.ManyGets:N0} many-gets, {client.Scans:N0} prefix scans.
            Written     {client.Batches:N0} atomic batches by the client; {client.RefusedBatches:N0} more were refused, as their precondition did not hold.
            """);
        if (Problem() is { } problem)
        {
            Console.WriteLine($"Check       FAILED: {problem}.");
            return ExitCode.NotFound;
        }

        Console.WriteLine($"""
            Checked     What the client read is what the store holds: at revision {held.Revision:N0}, {held.Rows:N0} rows,
                        SHA-256 {held.Sha256} on both sides.
            """);
        return ExitCode.Done;
    }

    private string? Problem()
    {
        long expected = producer.Rows + (client.Batches > 0 ? ClientRows : 0);
        return client switch
        {
            { Failure: { } failure } => failure,
            { Digest: null } => "the client ended before it had read the store",
            { Digest: var read } when read != held =>
                $"the client read {read.Rows:N0} rows at revision {read.Revision:N0} with SHA-256 {read.Sha256}, and the store holds {held.Rows:N0} at {held.Revision:N0} with {held.Sha256}",
            _ when held.Rows != expected => $"the store holds {held.Rows:N0} rows, and {expected:N0} were written",
            { Gets: 0 } or { ManyGets: 0 } or { Batches: 0 } or { RefusedBatches: 0 } => "the time was too short for the client to read in every way; give it more --seconds",
            _ => null,
        };
    }
}
