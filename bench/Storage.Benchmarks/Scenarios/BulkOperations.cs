using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Load;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Cli.Bench;
using WsStorage.WsClient;

namespace WsStorage.Benchmarks.Scenarios;

/// <summary>Many keys read at once, many rows written at once, and all rows scanned.</summary>
internal sealed class BulkOperations : IScenario
{
    private const string ManyGet = "many-get of 100";
    private const string BatchPut = "batch put of 100";
    private const string RocksDb = "RocksDB called directly";
    private const string Engine = "the engine with its row cache, called directly";
    private const string Puts = "the engine called directly";
    private const string Scan = "scan";
    private const string Wire = "the TLS wire, 64 KiB messages";

    public string Name => "bulk";

    public string Title => "Many-gets and batches of 100 rows, and scans, one connection.";

    public async Task RunAsync(Site site, ScenarioResult result, CancellationToken cancellationToken)
    {
        RunOptions options = site.Options;
        await using HostProcess host = await site.StartHostAsync(new HostOptions(), cancellationToken);
        await using WsStorageClient client = await site.ConnectAsync(host, cancellationToken);
        await FillAsync(host, client);
        await using HostProcess plain = await site.StartHostAsync(new HostOptions { RowCacheBytes = 0 }, cancellationToken);
        await using (WsStorageClient other = await site.ConnectAsync(plain, cancellationToken))
        {
            await FillAsync(plain, other);
        }

        result.Note($"Ours has {BulkLoad.Outstanding} calls outstanding; the engine is called by one thread, which hands it as many batches at once.");

        Contest gets = await site.NewContest("keys/s")
            .Add(ManyGet, token => BulkLoad.GetManyAsync(client, options, token))
            .Add(RocksDb, token => EngineLoad.MeasureAsync(plain, Ask(Workload.Get, BulkLoad.Together, rowsPerBatch: 1), token))
            .Add(Engine, token => EngineLoad.MeasureAsync(host, Ask(Workload.Get, BulkLoad.Together, rowsPerBatch: 1), token))
            .RunAsync(cancellationToken);
        result.Add(gets.All);
        result.Check(Goals.ManyGet, gets, ManyGet, RocksDb);

        await using WireLoad wire = await WireLoad.ConnectAsync(site, cancellationToken);
        Contest scans = await site.NewContest("MB/s")
            .Add(Scan, token => BulkLoad.ScanAsync(client, options, token))
            .Add(Wire, wire.MeasureAsync)
            .RunAsync(cancellationToken);
        result.Add(scans.All);
        result.Check(Goals.Scan, scans, Scan, Wire);

        Contest puts = await site.NewContest("rows/s")
            .Add(BatchPut, token => BulkLoad.PutAsync(client, options, token))
            .Add(Puts, token => EngineLoad.MeasureAsync(host, Ask(Workload.Put, BulkLoad.Outstanding, BulkLoad.Together), token))
            .RunAsync(cancellationToken);
        result.Add(puts.All);
        result.Check(Goals.BatchPut, puts, BatchPut, Puts);

        async Task FillAsync(HostProcess filled, WsStorageClient through)
        {
            await StorageLoad.FillAsync(through, options, options.Keys, cancellationToken);
            await filled.CompactAsync(cancellationToken);
            await StorageLoad.WarmAsync(through, options.Keys, cancellationToken);
        }

        EngineQuestion Ask(Workload workload, int together, int rowsPerBatch) =>
            new(workload, together, rowsPerBatch, options.Keys, options.ValueBytes, options.Duration);
    }
}
