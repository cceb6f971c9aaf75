using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;
using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.Cli.Processes;
using WsStorage.Core;
using WsStorage.RocksDb;

namespace WsStorage.Benchmarks.Micro;

/// <summary>The engines, called directly by one caller.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The global clean-up disposes of what it owns.")]
public class EngineBenchmarks
{
    private readonly MicroData _data = new();
    private readonly ReadOnlyMemory<byte>[] _keys = new ReadOnlyMemory<byte>[MicroData.Operations];
    private readonly WriteBatch _batch = new();
    private readonly InMemoryStorage _memory = new();
    private TemporaryDirectory _directory = null!;
    private RocksDbStorage _rocksDb = null!;

    // BenchmarkDotNet's toolchain within the process does not wait for tasks here.
    [GlobalSetup]
    public void Prepare() => PrepareAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public void CleanUp() => CleanUpAsync().GetAwaiter().GetResult();

    [Benchmark(Description = "get, RocksDB", OperationsPerInvoke = MicroData.Operations)]
    public Task Get() => GetAsync(_rocksDb);

    [Benchmark(Description = "get, in memory", OperationsPerInvoke = MicroData.Operations)]
    public Task GetFromMemory() => GetAsync(_memory);

    [Benchmark(Description = "a get among 128 in one many-get, RocksDB", OperationsPerInvoke = MicroData.Operations)]
    public async Task GetMany()
    {
        for (int i = 0; i < _keys.Length; i++)
        {
            _keys[i] = _data.NextKey();
        }

        GetManyResult result = await _rocksDb.GetManyAsync(_keys);
        _data.Check(result.Values[^1]);
    }

    [Benchmark(Description = "put Buffered, RocksDB", OperationsPerInvoke = MicroData.Operations)]
    public Task Put() => PutAsync(_rocksDb);

    [Benchmark(Description = "put, in memory", OperationsPerInvoke = MicroData.Operations)]
    public Task PutToMemory() => PutAsync(_memory);

    [Benchmark(Description = "a put among 128 in one batch, RocksDB", OperationsPerInvoke = MicroData.Operations)]
    public async Task PutBatch()
    {
        _batch.Clear();
        for (int i = 0; i < MicroData.Operations; i++)
        {
            _batch.Put(_data.NextEntry().Span, _data.Value);
        }

        await _rocksDb.WriteAsync(_batch);
    }

    [Benchmark(Description = "a row of a scan, RocksDB", OperationsPerInvoke = MicroData.Keys)]
    public async Task Scan()
    {
        int rows = 0;
        await foreach (ScanPage page in _rocksDb.ScanPagesAsync(new ScanOptions()))
        {
            rows += page.Count;
        }

        if (rows != MicroData.Keys)
        {
            throw new WrongValueException($"A scan found {rows:N0} rows of {MicroData.Keys:N0}.");
        }
    }

    private async Task PrepareAsync()
    {
        _directory = new TemporaryDirectory();
        _rocksDb = RocksDbStorage.Open(_directory.Of("data"), EngineOptions.Of(Durability.Buffered));
        await _data.FillAsync(_memory);
        await _data.FillAsync(_rocksDb);
        await _rocksDb.CompactDataAsync();
    }

    private async Task CleanUpAsync()
    {
        await _rocksDb.DisposeAsync();
        await _memory.DisposeAsync();
        _directory.Dispose();
    }

    private async Task GetAsync(IStorage storage)
    {
        for (int i = 0; i < MicroData.Operations; i++)
        {
            GetResult result = await storage.GetAsync(_data.NextKey());
            _data.Check(result.Value);
        }
    }

    private async Task PutAsync(IStorage storage)
    {
        for (int i = 0; i < MicroData.Operations; i++)
        {
            await storage.WriteAsync(_batch.Clear().Put(_data.NextEntry().Span, _data.Value));
        }
    }
}
