namespace WsStorage.Cli.Demo;

/// <summary>What the demo showed, and whether it held.</summary>
internal sealed class DemoSummary(
    Ledger ledger, IReadOnlyCollection<Disturbance> disturbances, ClientReport client, ReplicaReport replica, Uri url)
{
    // The client's own: its rounds, and how many values it had read.
    private const int ClientRows = 2;

    private readonly RecordDigest _acknowledged = ledger.Digest();

    /// <summary>How many readings were recorded.</summary>
    public required long Readings { get; init; }

    /// <summary>How many rows the producer's writes take.</summary>
    public required long Rows { get; init; }

    /// <summary>For how long it wrote.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>What did not hold while it ran; none when all did.</summary>
    public string? Failure { get; init; }

    /// <summary>Prints it.</summary>
    /// <param name="held">What the server has left on the disk.</param>
    /// <returns>The exit code.</returns>
    public int Print(HeldStore held)
    {
        double seconds = Elapsed.TotalSeconds;
        Console.WriteLine($"""

            Recorded    {Readings:N0} readings of this machine and {_acknowledged.Count:N0} numbered records in {seconds:0.0} s, through a client.
            Read back   {client.ValuesRead:N0} values over {url}, in another process:
                        {client.Gets:N0} single gets (p50 {client.GetP50Milliseconds:0.000} ms, p99 {client.GetP99Milliseconds:0.000} ms), {client.ManyGets:N0} many-gets, {client.Scans:N0} prefix scans.
            Written     {client.Batches:N0} atomic batches by the client; {client.RefusedBatches:N0} more were refused, as their precondition did not hold.
            Disturbed   {Describe(DisturbanceKind.LinkCut, "cut", "of the link")}
                        {Describe(DisturbanceKind.ServerKilled, "kill", "of the server (SIGKILL)")}
                        {Describe(DisturbanceKind.ReplicaKilled, "kill", "of the replica (SIGKILL)")}
            """);
        if (FindProblem(held) is { } problem)
        {
            Console.WriteLine($"Check       FAILED: {problem}.");
            return ExitCode.NotFound;
        }

        Console.WriteLine($"""
            Checked     Each of the {_acknowledged.Count:N0} records that were acknowledged stands once in the history, at the revision that was
                        acknowledged, and once in the store: none was lost and none doubled.
                        The watch told {client.Watch!.Events:N0} batches, from revision 1 on, none left out and none repeated. The hashes that
                        chain them lead to the store's, {held.Position.Hash:x16}, and replaying them gives the store.
                        What the client read is what the store holds: at revision {held.Digest.Revision:N0}, {held.Digest.Rows:N0} rows,
                        SHA-256 {held.Digest.Sha256} on all sides.
                        The replica is where the store is, {replica.Position},
                        and holds the same rows; {(replica.Hashes == 1 ? "one hash" : $"{replica.Hashes:N0} hashes")} of {replica.Compared:N0} rows, compared over the wire, found no difference.
            """);
        return ExitCode.Done;
    }

    /// <summary>Finds what does not hold.</summary>
    /// <param name="held">What the server has left on the disk.</param>
    /// <returns>It, in words that end a sentence; none when all holds.</returns>
    public string? FindProblem(HeldStore held)
    {
        long expected = Rows + (client.Batches > 0 ? ClientRows : 0);
        return Failure ?? ledger.Failure ?? client switch
        {
            { Failure: { } failure } => failure,
            { Digest: null } or { Watch: null } => "the client ended before it had read the store",
            { Digest: var read } when read != held.Digest =>
                $"the client read {read.Rows:N0} rows at revision {read.Revision:N0} with SHA-256 {read.Sha256}, and the store holds {held.Digest.Rows:N0} at {held.Digest.Revision:N0} with {held.Digest.Sha256}",
            { Watch.Records: var told } when told != _acknowledged =>
                $"{_acknowledged.Count:N0} records were acknowledged, and the watch told {told.Count:N0}, {told.Doubled:N0} of them more than once; their revisions have SHA-256 {_acknowledged.Sha256} and {told.Sha256}",
            { Watch.Position: var position } when !position.Equals(held.Position.ToString(), StringComparison.Ordinal) =>
                $"the watch came to {position}, and the store is at {held.Position}",
            { Watch.Replica: var replica } when replica != held.Digest =>
                $"what the watch told makes {replica.Rows:N0} rows with SHA-256 {replica.Sha256}, and the store holds {held.Digest.Rows:N0} with {held.Digest.Sha256}",
            _ when held.Records != _acknowledged.Count => $"the store holds {held.Records:N0} records, and {_acknowledged.Count:N0} were acknowledged",
            _ when held.Digest.Rows != expected => $"the store holds {held.Digest.Rows:N0} rows, and {expected:N0} were written",
            _ when FindReplicaProblem(held) is { } problem => problem,
            { Gets: 0 } or { ManyGets: 0 } or { Batches: 0 } or { RefusedBatches: 0 } => "the time was too short for the client to read in every way; give it more --seconds",
            _ => null,
        };
    }

    private string? FindReplicaProblem(HeldStore held) => replica switch
    {
        { Failure: { } failure } => failure,
        { Digest: null } or { Position: null } => "the replica ended before it had been compared with its source",
        { Position: var position } when !position.Equals(held.Position.ToString(), StringComparison.Ordinal) =>
            $"the replica is at {position}, and the store at {held.Position}",
        { Digest: var digest } when digest != held.Digest =>
            $"the replica holds {digest.Rows:N0} rows with SHA-256 {digest.Sha256}, and the store {held.Digest.Rows:N0} with {held.Digest.Sha256}",
        { Differences: > 0 } => $"{replica.Differences:N0} rows of the replica are not what the source has",
        { Compared: var compared } when compared != held.Digest.Rows =>
            $"{compared:N0} rows of the replica were compared, and the store holds {held.Digest.Rows:N0}",
        _ => null,
    };

    private string Describe(DisturbanceKind kind, string name, string of)
    {
        Disturbance[] all = [.. disturbances.Where(one => one.Kind == kind)];
        string counted = $"{all.Length} {name}{(all.Length == 1 ? "" : "s")} {of}";
        return all.Length == 0
            ? counted
            : $"{counted}: down for {all.Max(one => one.Down).TotalSeconds:0.00} s at the most, and {(kind == DisturbanceKind.ReplicaKilled ? "in step again" : "the next write acknowledged")} after {all.Max(one => one.Recovered).TotalSeconds:0.00} s at the most";
    }
}
