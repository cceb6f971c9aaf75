using System.Text.Json;
using WsStorage.Testing.Network;
using WsStorage.Transport.Tls;

namespace WsStorage.Cli.Tests;

/// <summary>Keeping a replica from the command line, and reading what it has.</summary>
internal sealed class ReplicateTests
{
    private readonly TestDirectory _directory = new();
    private CertificateSet _certificates = null!;

    [OneTimeSetUp]
    public void MakeCertificates() => _certificates = _directory.MakeCertificates();

    [OneTimeTearDown]
    public void Delete() => _directory.Dispose();

    [Test]
    public async Task Replica_follows_until_it_is_ended_and_is_read_with_the_other_verbs()
    {
        string data = _directory.Of("follows");
        using ServedStore served = await ServedStore.StartAsync(_certificates.Directory, "--data", _directory.Of("source"));
        await RunAsync(served, "put", "a", "1");
        using CliProcess replicate = CliProcess.Start(["replicate", .. served.Options, "--data", data, "--json"]);
        JsonElement first = await UntilAsync(replicate, status => IsLiveAt(status, 1));
        await RunAsync(served, "put", "b", "2");
        JsonElement second = await UntilAsync(replicate, status => IsLiveAt(status, 2));
        string meanwhile = (await CliProcess.RunAsync("get", "b", "--data", data)).ShouldSucceed().Text;

        await replicate.SignalAsync("INT");
        CliResult ended = (await replicate.FinishAsync()).ShouldSucceed();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.GetProperty("loadedBy").GetString(), Is.EqualTo("rows"));
            Assert.That(first.GetProperty("readable").GetBoolean(), Is.True);
            Assert.That(second.GetProperty("position").GetString(), Is.EqualTo(await PositionAsync([.. served.Options])));
            Assert.That(meanwhile, Is.EqualTo("2"));
            Assert.That(ended.Error, Does.Contain("loading the copy by rows.").And.Contain("in step at revision 1, loaded by rows: 1, 2 B."));
            Assert.That((await CliProcess.RunAsync("scan", "--data", data)).ShouldSucceed().Text, Is.EqualTo("a\t1\nb\t2\n"));
            Assert.That((await CliProcess.RunAsync("export", "--data", data)).ShouldSucceed().Text, Does.Contain("\"b\""));
            Assert.That(await PositionAsync("--data", data), Is.EqualTo(await PositionAsync([.. served.Options])));
        }
    }

    [Test]
    public async Task Until_live_ends_in_step_and_goes_on_with_what_is_there()
    {
        string data = _directory.Of("until-live");
        using ServedStore served = await ServedStore.StartAsync(_certificates.Directory, "--memory");
        await RunAsync(served, "put", "k", "1");
        CliResult first = await ReplicateAsync(served, data);
        await RunAsync(served, "put", "k", "2");
        CliResult second = await ReplicateAsync(served, data);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Output, Is.Empty);
            Assert.That(first.Error, Does.Contain("in step at revision 1").And.Match("(?m)^live: revision 1, 0 behind, at most [0-9.]+ s old, "));
            Assert.That(second.Error, Does.Contain("with the copy that was there.").And.Not.Contain("loading"));
            Assert.That((await CliProcess.RunAsync("get", "k", "--data", data)).Text, Is.EqualTo("2"));
        }
    }

    [Test]
    public async Task Files_are_loaded_when_they_are_asked_for()
    {
        string data = _directory.Of("by-files");
        using ServedStore served = await ServedStore.StartAsync(_certificates.Directory, "--data", _directory.Of("source-of-files"));
        await RunAsync(served, "put", "k", "v");

        CliResult result = await ReplicateAsync(served, data, "--by", "files");

        Assert.That(result.Error, Does.Contain("loading the copy by files.").And.Match("in step at revision 1, loaded by files: [0-9.]+ [KM]iB"));
        Assert.That((await CliProcess.RunAsync("get", "k", "--data", data)).Text, Is.EqualTo("v"));
    }

    [Test]
    public async Task Ranges_are_all_that_is_copied()
    {
        string data = _directory.Of("ranges");
        using ServedStore served = await ServedStore.StartAsync(_certificates.Directory, "--memory");
        foreach (string key in (string[])["a/1", "a/2", "b/1", "c/1", "c/2"])
        {
            await RunAsync(served, "put", key, "v");
        }

        await ReplicateAsync(served, data, "--prefix", "a/", "--prefix", "c/", "--start", "a/2", "--end", "c/2");

        Assert.That((await CliProcess.RunAsync("scan", "--keys-only", "--data", data)).ShouldSucceed().Text, Is.EqualTo("a/2\nc/1\n"));
    }

    [Test]
    public async Task Another_store_behind_the_url_is_told_and_copied_anew()
    {
        string data = _directory.Of("another");
        using ServedStore first = await ServedStore.StartAtAsync(FreePort.Find(), _certificates.Directory, "--memory");
        await RunAsync(first, "put", "old", "1");
        using CliProcess replicate = CliProcess.Start(["replicate", .. first.Options, "--data", data, "--json"]);
        await UntilAsync(replicate, status => IsLiveAt(status, 1));
        (await first.StopAsync()).ShouldSucceed();
        using ServedStore second = await ServedStore.StartAtAsync(first.Port, _certificates.Directory, "--memory");
        await RunAsync(second, "put", "new", "1");
        string position = await PositionAsync([.. second.Options]);
        await UntilAsync(replicate, status => IsLiveAt(status, 1) && position.Equals(status.GetProperty("position").GetString(), StringComparison.Ordinal));

        // What is said of the connection comes from another thread than what is said of the replica.
        await replicate.SaysAsync("connected again.");
        await replicate.SignalAsync("TERM");
        CliResult ended = (await replicate.FinishAsync()).ShouldSucceed();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(ended.Error, Does.Contain("Trying again until Ctrl-C.").And.Contain("connected again."));
            Assert.That(ended.Error, Does.Contain("the source is another store now").And.Contain("loading a new copy beside the old one by rows."));
            Assert.That((await CliProcess.RunAsync("scan", "--keys-only", "--data", data)).Text, Is.EqualTo("new\n"));
        }
    }

    [Test]
    public async Task What_trying_again_does_not_mend_ends_it()
    {
        using ServedStore served = await ServedStore.StartAsync(_certificates.Directory, "--memory");
        CertificateSet other = CertificateSet.Create(_directory.Of("other-certs"));

        CliResult stranger = await CliProcess.RunAsync("replicate", "--url", served.Url, "--certs", other.Directory, "--data", _directory.Of("stranger"));
        CliResult without = await CliProcess.RunAsync(["replicate", .. served.Options, "--by", "files", "--data", _directory.Of("no-files")]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(stranger.ExitCode, Is.EqualTo(3), stranger.Error);
            Assert.That(stranger.Error, Does.Contain("We refused the certificate CN=localhost"));
            Assert.That(without.ExitCode, Is.EqualTo(3), without.Error);
        }
    }

    [Test]
    public async Task Interrupted_before_it_was_in_step_says_so()
    {
        using ServedStore served = await ServedStore.StartAtAsync(FreePort.Find(), _certificates.Directory, "--memory");
        await served.StopAsync();
        using CliProcess replicate = CliProcess.Start(["replicate", .. served.Options, "--data", _directory.Of("never"), "--until-live"]);
        await replicate.SaysAsync("Trying again until Ctrl-C.");

        await replicate.SignalAsync("INT");
        CliResult result = await replicate.FinishAsync();

        Assert.That(result.ExitCode, Is.EqualTo(130), result.Error);
        Assert.That(result.Error, Does.Contain("interrupted."));
    }

    [Test]
    public async Task Replica_is_not_written_by_other_verbs()
    {
        string data = _directory.Of("not-written");
        using ServedStore served = await ServedStore.StartAsync(_certificates.Directory, "--memory");
        await RunAsync(served, "put", "k", "v");
        await ReplicateAsync(served, data);

        (await CliProcess.RunAsync("put", "k", "w", "--data", data)).ShouldFail(2, "holds a replica, which changes only as its source does");
        (await CliProcess.RunAsync("remove", "k", "--data", data)).ShouldFail(2, "holds a replica");
        (await CliProcess.RunAsync("serve", "--data", data, "--certs", _certificates.Directory, "--listen", "localhost:0")).ShouldFail(2, "holds a replica");
        Assert.That((await CliProcess.RunAsync("get", "k", "--data", data)).Text, Is.EqualTo("v"));
    }

    private static bool IsLiveAt(JsonElement status, ulong revision) =>
        status.GetProperty("phase").GetString() is "live" && status.GetProperty("revision").GetUInt64() == revision;

    private static async Task<JsonElement> UntilAsync(CliProcess replicate, Func<JsonElement, bool> wanted)
    {
        using var timeout = new CancellationTokenSource(CliProcess.Patience);
        while (true)
        {
            string? line = await replicate.Output.ReadLineAsync(timeout.Token);
            Assert.That(line, Is.Not.Null);
            using var json = JsonDocument.Parse(line!);
            if (wanted(json.RootElement))
            {
                return json.RootElement.Clone();
            }
        }
    }

    private static async Task<string> PositionAsync(params string[] store)
    {
        using var json = JsonDocument.Parse((await CliProcess.RunAsync(["info", "--json", .. store])).ShouldSucceed().Text);
        return json.RootElement.GetProperty("position").GetString()!;
    }

    private static async Task RunAsync(ServedStore served, params string[] verb) =>
        (await CliProcess.RunAsync([.. verb, .. served.Options])).ShouldSucceed();

    private static async Task<CliResult> ReplicateAsync(ServedStore served, string data, params string[] options) =>
        (await CliProcess.RunAsync(["replicate", "--until-live", .. served.Options, "--data", data, .. options])).ShouldSucceed();
}
