using System.Buffers;
using System.Text.Json;

namespace WsStorage.Cli.Demo;

/// <summary>
/// Writes all the while, whatever happens to the link and the server: readings of this machine, each tick one atomic batch, and
/// beside them small records, several at once. Each batch has a number in the ledger.
/// </summary>
internal sealed class Producer(IStorage storage, IReadings readings, Ledger ledger)
{
    private const int RecordWriters = 8;

    private static readonly TimeSpan ReadingInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RecordInterval = TimeSpan.FromMilliseconds(10);

    private readonly HashSet<string> _sources = new(StringComparer.Ordinal);
    private long _tick;
    private long _recorded;

    /// <summary>How many readings have been recorded.</summary>
    public long Recorded => Interlocked.Read(ref _recorded);

    /// <summary>
    /// How many rows all of it takes: each reading and each record has one of its own, and the newest reading of each source
    /// one more.
    /// </summary>
    public long Rows => Recorded + _sources.Count + ledger.Acknowledged;

    /// <summary>Records one tick.</summary>
    public async Task RecordAsync()
    {
        _tick++;
        var batch = new WriteBatch();
        IReadOnlyList<Reading> all = readings.Read();
        foreach (Reading reading in all)
        {
            byte[] json = ToJson(reading);
            batch.Put(DemoKeys.Bytes(DemoKeys.ReadingOf(reading.Source, _tick)), json);
            batch.Put(DemoKeys.Bytes(DemoKeys.LatestOf(reading.Source)), json);
            _sources.Add(reading.Source);
        }

        await ledger.WriteAsync(storage, batch);
        Interlocked.Add(ref _recorded, all.Count);
    }

    /// <summary>Writes until it is told to stop, and what is under way then is answered.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(
    [
        EveryAsync(ReadingInterval, RecordAsync, stop),
        .. Enumerable.Range(0, RecordWriters).Select(_ => EveryAsync(RecordInterval, () => ledger.WriteAsync(storage, new WriteBatch()), stop)),
    ]);

    private static async Task EveryAsync(TimeSpan interval, Func<Task> work, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(interval);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                await work();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to stop: between two writes, so that none is left without an answer.
        }
    }

    private byte[] ToJson(Reading reading)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteNumber("tick", _tick);
        json.WriteString("time", TimeProvider.System.GetUtcNow());
        foreach ((string name, double value) in reading.Values)
        {
            json.WriteNumber(name, value);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
