using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Reporting;

namespace WsStorage.Benchmarks.Tests;

/// <summary>A report with one of each: a goal reached, one missed, one skipped, tables, notes.</summary>
internal static class SampleReport
{
    public static readonly Machine Machine = new("A | B <C> & D", 2, 24L << 30, "Some OS", "6.1", ".NET 10", "librocksdb.so.7.8.3", Redis: null);

    public static Report Create()
    {
        var late = new ScenarioResult("late", "Measured first, reported last.");
        late.Check(Goals.CacheHit, new Ratio(400, 380, 420));
        late.Add(new MicroTable("codec", [new MicroRow("read a get", 12.5, 0.25, 128)]));
        var early = new ScenarioResult("early", "Gets and puts.");
        early.Add([new Series("ours", "operations/s", [500_000, 400_000, 600_000]), new Series("theirs", "operations/s", [250_000, 200_000, 300_000])]);
        early.Add(new Series("idle", "share", [double.NaN]));
        early.Check(Goals.GetAgainstHttp2, new Ratio(8.5, 8.1, 9));
        early.Skip(Goals.GetAgainstRedis, "redis-server is not installed");
        early.Note("A note.");
        return new Report(
            new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero), Machine, "all --rounds 3", [ScenarioReport.Of(late), ScenarioReport.Of(early)]);
    }
}
