using System.Text.Json;
using WsStorage.Cli.Bench;

namespace WsStorage.Cli.Tests;

internal sealed class BenchTests
{
    // So many operations, and not so much time: in a short time a busy machine may not get one done.
    private static readonly string[] Short = ["--operations", "500", "--warm-up", "0.1", "--keys", "500"];

    [Test]
    [NonParallelizable]
    public async Task Bench_measures_a_server_of_its_own_and_compares_depths([Values("rocksdb", "memory")] string engine)
    {
        CliResult result = (await CliProcess.RunAsync(["bench", "--engine", engine, "--connections", "2", "--depth", "1,64", "--value-size", "33", .. Short])).ShouldSucceed();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Text, Does.StartWith(engine).And.Contain("500 keys, values of 33 bytes, 2 connection(s)"));
            foreach (string workload in (string[])["get", "put", "mix"])
            {
                Assert.That(result.Text, Does.Match($"{workload} +1 +[1-9]").And.Match($"{workload} +64 +[1-9]").And.Match($"{workload}: depth 64 reaches [0-9.]+ times the rate of depth 1"));
            }

            Assert.That(result.Error, Is.Empty);
        }
    }

    [Test]
    public async Task Bench_of_a_given_store_leaves_only_what_was_there()
    {
        using var directory = new TestDirectory();
        using ServedStore served = await ServedStore.StartAsync(directory.MakeCertificates().Directory, "--memory");
        (await CliProcess.RunAsync(["put", "mine", "stays", .. served.Options])).ShouldSucceed();

        CliResult result = (await CliProcess.RunAsync(["bench", "--json", "--workload", "put,get", "--depth", "8", "--operations", "1000", "--warm-up", "0", "--keys", "300", .. served.Options])).ShouldSucceed();

        string[] lines = result.Text.TrimEnd('\n').Split('\n');
        Assert.That(lines, Has.Length.EqualTo(2));
        using var json = JsonDocument.Parse(lines[0]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(json.RootElement.GetProperty("workload").GetString(), Is.EqualTo("put"));
            Assert.That(json.RootElement.GetProperty("operations").GetInt64(), Is.EqualTo(1000));
            Assert.That(json.RootElement.GetProperty("mismatches").GetInt64(), Is.Zero);
            Assert.That(json.RootElement.GetProperty("latencyMilliseconds").GetProperty("p99").GetDouble(), Is.Positive);
            Assert.That((await CliProcess.RunAsync(["scan", .. served.Options])).Text, Is.EqualTo("mine\tstays\n"));
        }
    }

    [Test]
    public void Percentiles_are_at_most_a_64th_too_high()
    {
        var random = new Random(1);
        var histogram = new LatencyHistogram();
        long[] all = [.. Enumerable.Range(0, 20_000).Select(_ => (long)Math.Exp(random.NextDouble() * 20)).Order()];
        foreach (long ticks in all)
        {
            histogram.Record(ticks);
        }

        foreach (double share in (double[])[0.001, 0.5, 0.9, 0.99, 0.999, 1])
        {
            double exact = System.Diagnostics.Stopwatch.GetElapsedTime(0, all[(int)Math.Ceiling(share * all.Length) - 1]).TotalSeconds;
            Assert.That(histogram.Percentile(share).TotalSeconds, Is.InRange(exact, (exact * (1 + (1.0 / 64))) + 1e-7));
        }

        Assert.That(histogram.Count, Is.EqualTo(all.Length));
        Assert.That(histogram.Percentile(1), Is.EqualTo(histogram.Max));
    }

    [Test]
    public void Added_histograms_count_as_one()
    {
        var one = new LatencyHistogram();
        var other = new LatencyHistogram();
        one.Record(5);
        other.Record(long.MaxValue);

        one.Add(other);

        Assert.That(one.Count, Is.EqualTo(2));
        Assert.That(one.Percentile(0.5), Is.LessThan(one.Max));
    }

    [Test]
    public void Values_are_recognised_and_changed_ones_are_not([Values(0, 1, 8, 9, 16, 33, 100, 1000)] int length)
    {
        byte[] value = new byte[length];
        BenchData.WriteValue(value, 7, nonce: 12345);

        Assert.That(BenchData.IsValid(value, length, 7), Is.True);
        Assert.That(BenchData.IsValid(null, length + 1, 7), Is.False);
        for (int i = 0; i < length; i++)
        {
            value[i] ^= 0x10;
            Assert.That(BenchData.IsValid(value, length, 7), Is.False, $"byte {i}");
            value[i] ^= 0x10;
        }

        if (length > 0)
        {
            Assert.That(BenchData.IsValid(value, length, 8), Is.False, "of another key");
        }
    }

    [Test]
    public void Range_of_a_run_holds_its_keys_and_no_others()
    {
        byte[] key = new byte[BenchData.KeyBytes];
        KeyRange range = BenchData.Range(300);
        foreach ((uint index, bool inside) in ((uint, bool)[])[(0, true), (299, true), (300, false)])
        {
            BenchData.WriteKey(key, index);
            Assert.That(range.Contains(key), Is.EqualTo(inside));
        }
    }
}
