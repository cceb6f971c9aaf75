using System.Diagnostics.Metrics;

namespace WsStorage.Cache;

/// <summary>The instruments of one cache, tagged with its name: they read its statistics when they are collected.</summary>
internal sealed class CacheMetrics : IDisposable
{
    private readonly Meter _meter = new(CachedStorage.MeterName);

    public CacheMetrics(string cache, Func<CacheStatistics> statistics)
    {
        KeyValuePair<string, object?>[] tags = [new("cache", cache)];
        Counter("hits", "{key}", "Keys read from the cache", read => read.Hits);
        Counter("misses", "{key}", "Keys read from the source", read => read.Misses);
        Counter("evictions", "{entry}", "Entries that made room for others", read => read.Evictions);
        Counter("invalidated", "{entry}", "Entries whose keys had changed", read => read.Invalidated);
        Gauge("entries", "{entry}", "Entries held", read => read.Entries);
        Gauge("bytes", "By", "What the entries cost", read => read.Bytes);

        void Counter(string name, string unit, string description, Func<CacheStatistics, long> value) =>
            _meter.CreateObservableCounter($"wsstorage.cache.{name}", () => new Measurement<long>(value(statistics()), tags), unit, description);

        void Gauge(string name, string unit, string description, Func<CacheStatistics, long> value) =>
            _meter.CreateObservableUpDownCounter($"wsstorage.cache.{name}", () => new Measurement<long>(value(statistics()), tags), unit, description);
    }

    public void Dispose() => _meter.Dispose();
}
