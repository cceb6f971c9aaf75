using System.Diagnostics.Metrics;
using WsStorage.Replica.Following;

namespace WsStorage.Replica.Reporting;

/// <summary>The replica's numbers, in the meter <c>WsStorage.Replica</c>, each with its name under the tag <c>name</c>.</summary>
internal sealed class ReplicaMetrics : IDisposable
{
    private readonly Meter _meter = new("WsStorage.Replica");
    private readonly KeyValuePair<string, object?> _tag;
    private readonly Counter<long> _applied;
    private readonly Counter<long> _rows;
    private readonly Counter<long> _bootstraps;

    public ReplicaMetrics(string name, LagMeter meter)
    {
        _tag = new("name", name);
        _applied = _meter.CreateCounter<long>("wsstorage.replica.applied", "{batch}", "Batches of the source that were applied.");
        _rows = _meter.CreateCounter<long>("wsstorage.replica.rows", "{row}", "Rows that were loaded.");
        _bootstraps = _meter.CreateCounter<long>("wsstorage.replica.bootstraps", "{copy}", "Copies that were begun.");
        _meter.CreateObservableGauge(
            "wsstorage.replica.lag",
            () => Measure(meter.RevisionLag),
            "{revision}",
            "How many revisions the copy is behind the source.");
        _meter.CreateObservableGauge(
            "wsstorage.replica.staleness",
            () => Measure(meter.Staleness?.TotalSeconds),
            "s",
            "How old the copy may be at the most.");
    }

    public void CountApplied(int batches) => _applied.Add(batches, _tag);

    public void CountRows(long rows) => _rows.Add(rows, _tag);

    public void CountBootstrap() => _bootstraps.Add(1, _tag);

    public void Dispose() => _meter.Dispose();

    // What is not known is not said.
    private Measurement<T>[] Measure<T>(T? value)
        where T : struct => value is { } known ? [new Measurement<T>(known, _tag)] : [];
}
