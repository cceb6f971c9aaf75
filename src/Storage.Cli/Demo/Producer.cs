using System.Buffers;
using System.Text.Json;

namespace WsStorage.Cli.Demo;

/// <summary>
/// Records readings of this machine straight into the storage that is served: the work that an application does beside its
/// server. Each tick is one atomic batch.
/// </summary>
internal sealed class Producer(IStorage storage, IReadings readings)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly HashSet<string> _sources = new(StringComparer.Ordinal);
    private long _tick;
    private long _recorded;

    /// <summary>How many readings have been recorded.</summary>
    public long Recorded => Interlocked.Read(ref _recorded);

    /// <summary>How many rows they take: each has one of its own, and the newest of each source one more.</summary>
    public long Rows => Recorded + _sources.Count;

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

        await storage.WriteAsync(batch);
        Interlocked.Add(ref _recorded, all.Count);
    }

    /// <summary>Records until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                await RecordAsync();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to stop: between two ticks, so that nothing is half recorded.
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
