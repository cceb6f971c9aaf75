using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Load;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Replica;
using WsStorage.WsClient;

namespace WsStorage.Benchmarks.Scenarios;

/// <summary>How fast a replica gets its first copy.</summary>
internal sealed class Bootstraps : IScenario
{
    private const int Factor = 3;
    private const string ByFiles = "bootstrap by files";
    private const string ByRows = "bootstrap by rows";
    private const string Wire = "the TLS wire, 64 KiB messages";
    private const string Disk = "the disk, synced at the end";

    public string Name => "bootstrap";

    public string Title => "The first copy of a replica, until it is in step, in a process of its own that has made some before.";

    public async Task RunAsync(Site site, ScenarioResult result, CancellationToken cancellationToken)
    {
        int keys = site.Options.Keys * Factor;
        await using HostProcess source = await site.StartHostAsync(new HostOptions(), cancellationToken);
        await using WsStorageClient client = await site.ConnectAsync(source, cancellationToken);
        await StorageLoad.FillAsync(client, site.Options, keys, cancellationToken);
        await source.CompactAsync(cancellationToken);
        await using HostProcess replicas = await site.StartHostAsync(new HostOptions { ReplicaOf = source.Addresses.Storage }, cancellationToken);
        await using WireLoad wire = await WireLoad.ConnectAsync(site, cancellationToken);
        long bytes = 0;
        Contest contest = await site.NewContest("MB/s")
            .Add(ByFiles, async token =>
            {
                FollowAnswer answer = await CopyAsync(site, client, replicas, BootstrapMode.Files, token);
                bytes = answer.CopiedBytes;
                return new Sample(bytes / 1e6 / answer.Seconds);
            })
            .Add(ByRows, async token =>
            {
                FollowAnswer answer = await CopyAsync(site, client, replicas, BootstrapMode.Rows, token);
                return new Sample(answer.CopiedBytes / 1e6 / answer.Seconds);
            })
            .Add(Wire, wire.MeasureAsync)
            .Add(Disk, token => DiskLoad.MeasureAsync(site.NewPath("disk"), bytes, token))
            .RunAsync(cancellationToken);
        result.Note($"{keys:N0} rows; files have {bytes / 1e6:N0} MB. Rows are counted as keys and values, files as they lie on the disk.");
        result.Add(contest.All);
        string slower = contest[Wire].Median < contest[Disk].Median ? Wire : Disk;
        result.Check(Goals.FileBootstrap, contest, ByFiles, slower);
    }

    private static async Task<FollowAnswer> CopyAsync(
        Site site, WsStorageClient client, HostProcess replicas, BootstrapMode mode, CancellationToken cancellationToken)
    {
        ulong through = (await client.GetInfoAsync(cancellationToken)).Revision.Value;
        FollowAnswer answer = await replicas.AskAsync<FollowAnswer>(
            new CopyQuestion(through, mode, site.NewPath("replica")), cancellationToken);
        return answer.IsEqual && answer.ByFiles == (mode == BootstrapMode.Files)
            ? answer
            : throw new WrongValueException($"The replica is not what its source is, or did not come by {mode}.");
    }
}
