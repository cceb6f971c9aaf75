using System.Text;
using System.Text.Json;
using WsStorage.Cli.Replicas;
using WsStorage.Replica;

namespace WsStorage.Cli.Tests;

/// <summary>How a replica stands, as it is told.</summary>
internal sealed class ReplicaTextTests
{
    private static readonly Position At = new(Guid.Empty, new Revision(12_345), 7);

    private static readonly ReplicaStatus Loading = new()
    {
        Phase = ReplicaPhase.LoadingRows,
        BootstrappedBy = BootstrapKind.Rows,
        Rows = 1_500,
        Bytes = 3 << 20,
        ExpectedRows = 6_000,
        RowsPerSecond = 500,
        BytesPerSecond = 1 << 20,
        Remaining = TimeSpan.FromSeconds(9),
    };

    private static readonly ReplicaStatus Live = new()
    {
        Phase = ReplicaPhase.Live,
        IsReadable = true,
        Position = At,
        SourceRevision = new Revision(12_348),
        RevisionLag = 3,
        Staleness = TimeSpan.FromMilliseconds(500),
    };

    [Test]
    public void Each_phase_says_what_there_is_to_know()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Describe(new ReplicaStatus()), Is.EqualTo("connecting"));
            Assert.That(Describe(Loading), Is.EqualTo("loading rows: 1,500 of about 6,000, 3.0 MiB, 500 rows/s, 1.0 MiB/s, 9.0 s left"));
            Assert.That(Describe(new ReplicaStatus { Phase = ReplicaPhase.LoadingRows }), Is.EqualTo("loading rows: 0, 0 B"));
            Assert.That(
                Describe(new ReplicaStatus { Phase = ReplicaPhase.LoadingFiles, Bytes = 1 << 30, ExpectedBytes = 3L << 29, BytesPerSecond = 5 << 20, Remaining = TimeSpan.FromSeconds(102) }),
                Is.EqualTo("loading files: 1.0 GiB of 1.5 GiB, 5.0 MiB/s, 102 s left"));
            Assert.That(Describe(Live with { Phase = ReplicaPhase.CatchingUp }), Does.StartWith("catching up: revision 12,345, 3 behind"));
            Assert.That(Describe(Live), Is.EqualTo("live: revision 12,345, 3 behind, at most 0.5 s old, 41 batches/s"));
            Assert.That(Describe(Loading with { IsRebuilding = true }), Does.EndWith(" (the old copy is read meanwhile)"));
            Assert.That(Describe(Loading with { IsRebuilding = true, IsStale = true }), Does.EndWith(" (the copy of the former store is read meanwhile)"));
        }
    }

    [Test]
    public void Json_leaves_out_what_is_not_known()
    {
        using JsonDocument live = ToJson(Live);
        using JsonDocument unknown = ToJson(new ReplicaStatus());

        using (Assert.EnterMultipleScope())
        {
            Assert.That(live.RootElement.GetProperty("phase").GetString(), Is.EqualTo("live"));
            Assert.That(live.RootElement.GetProperty("position").GetString(), Is.EqualTo(At.ToString()));
            Assert.That(live.RootElement.GetProperty("lag").GetInt64(), Is.EqualTo(3));
            Assert.That(live.RootElement.GetProperty("stalenessSeconds").GetDouble(), Is.EqualTo(0.5));
            Assert.That(unknown.RootElement.EnumerateObject().Select(each => each.Name), Is.EqualTo(new[]
            {
                "phase", "readable", "rebuilding", "stale", "revision", "batchesPerSecond", "loadedBy", "rows", "bytes",
            }));
        }
    }

    [Test]
    public void Name_of_a_replica_lasts_and_fits()
    {
        string usual = ReplicaSettings.DefaultName("/data/replica");
        string longOne = ReplicaSettings.DefaultName($"/{new string('ü', 200)}");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(usual, Is.EqualTo($"wsstorage {Environment.MachineName} /data/replica"));
            Assert.That(Encoding.UTF8.GetByteCount(longOne), Is.LessThanOrEqualTo(256));
            Assert.That(longOne, Is.EqualTo(ReplicaSettings.DefaultName($"/{new string('ü', 200)}")));
            Assert.That(longOne, Is.Not.EqualTo(ReplicaSettings.DefaultName($"/{new string('ä', 200)}")));
        }
    }

    private static string Describe(ReplicaStatus status) => StatusText.Describe(status, 41);

    private static JsonDocument ToJson(ReplicaStatus status)
    {
        using var output = new MemoryStream();
        StatusText.WriteJson(output, status, 0);
        return JsonDocument.Parse(output.ToArray());
    }
}
