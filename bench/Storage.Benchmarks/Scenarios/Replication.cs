using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Load;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Cli.Bench;
using WsStorage.WsClient;

namespace WsStorage.Benchmarks.Scenarios;

/// <summary>What a commit log and a replica cost puts, and how fast a replica catches up.</summary>
internal sealed class Replication : IScenario
{
    private const int Depth = 256;
    private const string Followed = "put Buffered, commit log on, a replica follows";
    private const string Alone = "put Buffered, no commit log";
    private const string CatchUp = "replica catching up";
    private const string Engine = "the engine taking the same batches from memory";

    public string Name => "replication";

    public string Title => $"Puts while a replica follows, {Depth} outstanding, and a replica that catches up.";

    public async Task RunAsync(Site site, ScenarioResult result, CancellationToken cancellationToken)
    {
        RunOptions options = site.Options;
        await using HostProcess source = await site.StartHostAsync(new HostOptions(), cancellationToken);
        await using HostProcess alone = await site.StartHostAsync(new HostOptions { CommitLog = false }, cancellationToken);
        await using HostProcess replica = await site.StartHostAsync(new HostOptions { ReplicaOf = source.Addresses.Storage }, cancellationToken);
        await using WsStorageClient client = await FillAsync(site, source, cancellationToken);
        await using WsStorageClient other = await FillAsync(site, alone, cancellationToken);
        result.Note("Two processors are shared by client, source and replica, and what the replica does while it follows is part of the puts' time.");
        await MeasurePutsAsync(site, options, result, (client, source), (other, alone), replica, cancellationToken);
        await MeasureCatchUpAsync(site, options, result, (client, source), replica, cancellationToken);
    }

    private static async Task MeasurePutsAsync(
        Site site,
        RunOptions options,
        ScenarioResult result,
        (WsStorageClient Client, HostProcess Host) source,
        (WsStorageClient Client, HostProcess Host) alone,
        HostProcess replica,
        CancellationToken cancellationToken)
    {
        Contest puts = await site.NewContest("operations/s")
            .Add(Followed, async token =>
            {
                await FollowAsync(source.Client, replica, token);
                Sample sample = await StorageLoad.MeasureAsync([source.Client], Workload.Put, Depth, options, options.Keys, token);
                await FollowAsync(source.Client, replica, token);
                await replica.AskAsync<object>(new StopQuestion(), token);
                await source.Host.CompactAsync(token);
                return sample;
            })
            .Add(Alone, async token =>
            {
                Sample sample = await StorageLoad.MeasureAsync([alone.Client], Workload.Put, Depth, options, options.Keys, token);
                await alone.Host.CompactAsync(token);
                return sample;
            })
            .RunAsync(cancellationToken);
        result.Add(puts.All);
        result.Check(Goals.CommitLogAndReplica, puts, Followed, Alone);
    }

    private static async Task MeasureCatchUpAsync(
        Site site,
        RunOptions options,
        ScenarioResult result,
        (WsStorageClient Client, HostProcess Host) source,
        HostProcess replica,
        CancellationToken cancellationToken)
    {
        double engineSeconds = 0;
        ulong rows = 0;
        Contest contest = await site.NewContest("rows/s")
            .Add(CatchUp, async token =>
            {
                StorageInfo before = await source.Client.GetInfoAsync(token);
                await StorageLoad.MeasureAsync([source.Client], Workload.Put, Depth, options, options.Keys, token);
                ulong through = (await source.Client.GetInfoAsync(token)).Revision.Value;
                rows = through - before.Revision.Value;
                await source.Host.CompactAsync(token);
                engineSeconds = (await replica.AskAsync<FollowAnswer>(
                    new TakeQuestion(before.Position.Epoch, before.Position.Revision.Value, before.Position.Hash, through), token)).Seconds;
                FollowAnswer caughtUp = await FollowAsync(source.Client, replica, token);
                await replica.AskAsync<object>(new StopQuestion(), token);
                return new Sample(rows / caughtUp.Seconds);
            })
            .Add(Engine, _ => Task.FromResult(new Sample(rows / engineSeconds)))
            .RunAsync(cancellationToken);
        result.Add(contest.All);
        result.Check(Goals.CatchUp, contest, CatchUp, Engine);
    }

    private static async Task<FollowAnswer> FollowAsync(WsStorageClient source, HostProcess replica, CancellationToken cancellationToken)
    {
        ulong through = (await source.GetInfoAsync(cancellationToken)).Revision.Value;
        FollowAnswer answer = await replica.AskAsync<FollowAnswer>(new FollowQuestion(through), cancellationToken);
        return answer.IsEqual ? answer : throw new WrongValueException("The replica is not what its source is.");
    }

    private static async Task<WsStorageClient> FillAsync(Site site, HostProcess host, CancellationToken cancellationToken)
    {
        WsStorageClient client = await site.ConnectAsync(host, cancellationToken);
        await StorageLoad.FillAsync(client, site.Options, site.Options.Keys, cancellationToken);
        await host.CompactAsync(cancellationToken);
        return client;
    }
}
