using System.Diagnostics.Metrics;

namespace WsStorage.Outbox;

/// <summary>The meter <c>WsStorage.Outbox</c>; each measurement is tagged with the outbox's id.</summary>
internal sealed class OutboxMetrics : IDisposable
{
    private readonly Meter _meter;

    public OutboxMetrics(Guid id, Func<OutboxStatus> status)
    {
        KeyValuePair<string, object?>[] tags = [new("outbox.id", id.ToString())];
        _meter = new Meter("WsStorage.Outbox");
        _meter.CreateObservableGauge("outbox.depth", () => new Measurement<long>(status().Depth, tags), "{record}", "Records that wait for their delivery.");
        _meter.CreateObservableGauge("outbox.bytes", () => new Measurement<long>(status().Bytes, tags), "By", "Bytes of the records that wait.");
        _meter.CreateObservableGauge("outbox.age", () => new Measurement<double>(status().OldestAge?.TotalSeconds ?? 0, tags), "s", "How long the oldest record has waited.");
        _meter.CreateObservableCounter("outbox.delivered", () => new Measurement<long>(status().Delivered, tags), "{record}", "Records that were delivered.");
        _meter.CreateObservableCounter("outbox.conflicts", () => new Measurement<long>(status().Conflicts, tags), "{decision}", "Decisions on records that the target did not take.");
    }

    public void Dispose() => _meter.Dispose();
}
