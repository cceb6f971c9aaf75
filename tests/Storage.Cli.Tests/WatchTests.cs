using System.Text.Json;
using WsStorage.Testing.Network;
using WsStorage.Transport.Tls;

namespace WsStorage.Cli.Tests;

/// <summary>Following a store from the command line.</summary>
internal sealed class WatchTests
{
    private readonly TestDirectory _directory = new();
    private CertificateSet _certificates = null!;

    [OneTimeSetUp]
    public void MakeCertificates() => _certificates = _directory.MakeCertificates();

    [OneTimeTearDown]
    public void Delete() => _directory.Dispose();

    [Test]
    public async Task Each_batch_is_a_line_that_tells_what_changed_and_what_was_there_before()
    {
        using ServedStore served = await ServedStore.StartAsync(_certificates.Directory, "--memory", "--keep-previous");
        using CliProcess watch = await FollowAsync(served, "--previous");
        await RunAsync(served, "put", "a", "1");
        await RunAsync(served, "put", "a", "ü");
        await RunAsync(served, "put", "--hex", "ff", "fe");
        await RunAsync(served, "remove", "a", "--prefix", "b");

        string[] lines = [await ReadAsync(watch), await ReadAsync(watch), await ReadAsync(watch), await ReadAsync(watch)];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(ChangesOf(lines[0]), Is.EqualTo("""[{"change":"put","key":"a","value":"1","previous":null}]"""));
            Assert.That(ChangesOf(lines[1]), Is.EqualTo("""[{"change":"put","key":"a","value":"ü","previous":"1"}]"""));
            Assert.That(ChangesOf(lines[2]), Is.EqualTo("""[{"change":"put","keyBase64":"/w==","valueBase64":"/g==","previous":null}]"""));
            Assert.That(ChangesOf(lines[3]), Is.EqualTo("""[{"change":"remove","key":"a","previous":"ü"},{"change":"removeRange","start":"b","end":"c"}]"""));
            Assert.That(lines.Select(line => Field(line, "revision")), Is.EqualTo(new[] { "1", "2", "3", "4" }));
            Assert.That(lines.Select(line => Field(line, "kind")), Is.All.EqualTo("changes"));
            Assert.That(lines, Is.All.Match("\"time\":\"20[0-9-]+T[0-9:.]+Z\""));
            Assert.That(lines.Select(line => Position.TryParse(Field(line, "position"), out _)), Is.All.True);
        }
    }

    [Test]
    public async Task Watch_goes_on_after_a_position_and_ends_after_so_many_lines()
    {
        using ServedStore served = await ServedStore.StartAsync(_certificates.Directory, "--memory");
        foreach (string value in (string[])["1", "2", "3"])
        {
            await RunAsync(served, "put", "k/a", value);
            await RunAsync(served, "put", "other", value);
        }

        string[] all = await LinesAsync(served, "--from", "0", "--prefix", "k/", "--limit", "3");
        string[] rest = await LinesAsync(served, "--from", Field(all[0], "position"), "--prefix", "k/", "--limit", "2");
        string[] marked = await LinesAsync(served, "--from", Field(all[2], "position"), "--marks", "--keys-only", "--limit", "2");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(all.Select(line => Field(line, "revision")), Is.EqualTo(new[] { "1", "3", "5" }));
            Assert.That(rest, Is.EqualTo(all[1..]));
            Assert.That(marked[0], Is.EqualTo($$"""{"kind":"progress","position":"{{Field(all[2], "position")}}","revision":5}"""));
            Assert.That(ChangesOf(marked[1]), Is.EqualTo("""[{"change":"put","key":"other"}]"""));
        }
    }

    [Test]
    public async Task Watch_survives_a_kill_of_the_server_and_says_so()
    {
        string[] data = ["--data", _directory.Of("killed")];
        ServedStore served = await ServedStore.StartAtAsync(FreePort.Find(), _certificates.Directory, data);
        using CliProcess watch = await FollowAsync(served);
        await RunAsync(served, "put", "k", "before");
        string before = await ReadAsync(watch);

        await served.StopAsync("KILL");
        served.Dispose();
        served = await ServedStore.StartAtAsync(served.Port, _certificates.Directory, data);
        await RunAsync(served, "put", "k", "after");
        string after = await ReadAsync(watch);

        // What is said of the connection comes from another thread than what is told of the store.
        await watch.SaysAsync("connected again.");
        await watch.SignalAsync("INT");
        CliResult result = await watch.FinishAsync();
        served.Dispose();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(ChangesOf(before), Does.Contain("before"));
            Assert.That(ChangesOf(after), Does.Contain("after"));
            Assert.That((Field(before, "revision"), Field(after, "revision")), Is.EqualTo(("1", "2")));
            Assert.That(result.Output, Is.Empty);
            Assert.That(result.ExitCode, Is.EqualTo(130));
            Assert.That(result.Error, Does.Match("^wsstorage: .+ Trying again until Ctrl-C.\n(wsstorage: .+\n)*wsstorage: connected again.\nwsstorage: interrupted.\n$"));
        }
    }

    [Test]
    public async Task Watch_waits_for_a_server_that_is_not_there_yet()
    {
        using ServedStore first = await ServedStore.StartAtAsync(FreePort.Find(), _certificates.Directory, "--memory");
        await first.StopAsync();
        using CliProcess watch = CliProcess.Start(["watch", "--marks", .. first.Options]);
        using ServedStore second = await ServedStore.StartAtAsync(first.Port, _certificates.Directory, "--memory");

        string? line = await watch.Output.ReadLineAsync().WaitAsync(CliProcess.Patience);
        Assert.That(line, Does.StartWith("{\"kind\":\"progress\""));
    }

    [Test]
    public async Task Directory_shows_its_history_and_then_waits()
    {
        string[] data = ["--data", _directory.Of("local")];
        (await CliProcess.RunAsync(["put", "a", "1", .. data])).ShouldSucceed();
        (await CliProcess.RunAsync(["put", "b", "2", .. data])).ShouldSucceed();
        using CliProcess watch = CliProcess.Start(["watch", "--from", "0", .. data]);

        string[] lines = [await ReadAsync(watch), await ReadAsync(watch)];
        await watch.SignalAsync("INT");
        CliResult result = await watch.FinishAsync();

        Assert.That(lines.Select(ChangesOf), Is.EqualTo(new[] { """[{"change":"put","key":"a","value":"1"}]""", """[{"change":"put","key":"b","value":"2"}]""" }));
        result.ShouldFail(130, "interrupted.");
        Assert.That(result.Output, Is.Empty);
    }

    [Test]
    public async Task Watch_ends_quietly_when_nobody_reads_on()
    {
        using ServedStore served = await ServedStore.StartAsync(_certificates.Directory, "--memory");
        using CliProcess watch = await FollowAsync(served);
        watch.Output.Close();

        await RunAsync(served, "put", "k", "v");
        CliResult result = await watch.EndAsync([]);

        Assert.That((result.ExitCode, result.Error), Is.EqualTo((0, "")));
    }

    [Test]
    public async Task Position_that_cannot_be_served_is_refused_by_reason()
    {
        using ServedStore served = await ServedStore.StartAsync(_certificates.Directory, "--data", _directory.Of("refused"), "--log-bytes", "1M");
        await RunAsync(served, "put", "k", "v");
        string position = Field((await LinesAsync(served, "--from", "0", "--limit", "1"))[0], "position");
        string large = _directory.WriteFile("large", new byte[900_000]);
        for (int i = 0; i < 3; i++)
        {
            await RunAsync(served, "put", "k", "--file", large);
        }

        string epoch = position.Split('/')[0];
        using (Assert.EnterMultipleScope())
        {
            await RefusedAsync(position, "The history after revision 1 is gone");
            await RefusedAsync($"{Guid.NewGuid()}/1/00", "another store, or that one restored");
            await RefusedAsync($"{epoch}/900/00", "only at 4");
        }

        async Task RefusedAsync(string from, string reason) =>
            (await CliProcess.RunAsync(["watch", "--from", from, .. served.Options])).ShouldFail(3, reason);
    }

    [Test]
    public async Task Invalidation_reaches_those_who_asked_for_it()
    {
        using ServedStore served = await ServedStore.StartAsync(_certificates.Directory, "--memory");
        using CliProcess asks = await FollowAsync(served, "--invalidations", "--prefix", "b/");
        using CliProcess doesNotAsk = await FollowAsync(served);

        CliResult keys = await RunAsync(served, "invalidate", "b/1", "--prefix", "b/2");
        CliResult elsewhere = await RunAsync(served, "invalidate", "a");
        CliResult all = await RunAsync(served, "invalidate", "--all");

        using (Assert.EnterMultipleScope())
        {
            Assert.That((keys.Text, elsewhere.Text, all.Text), Is.EqualTo(("Told 1 watch.\n", "Told 0 watches.\n", "Told 1 watch.\n")));
            string first = await ReadAsync(asks);
            Assert.That(Field(first, "kind"), Is.EqualTo("invalidation"));
            Assert.That(first, Does.Contain("\"start\":\"b/1\"").And.Contain("\"start\":\"b/2\",\"end\":\"b/3\""));
            Assert.That(Field(await ReadAsync(asks), "kind"), Is.EqualTo("invalidation"));
        }
    }

    /// <summary>Starts a watch, and waits until it has begun.</summary>
    private static async Task<CliProcess> FollowAsync(ServedStore served, params string[] options)
    {
        // Marks say that it has begun; later ones come only when something else was written, and are left out by the test's reads.
        CliProcess watch = CliProcess.Start(["watch", "--marks", .. options, .. served.Options]);
        string? line = await watch.Output.ReadLineAsync().WaitAsync(CliProcess.Patience);
        Assert.That(line, Does.StartWith("{\"kind\":\"progress\""));
        return watch;
    }

    private static async Task<string> ReadAsync(CliProcess watch)
    {
        string? line;
        do
        {
            line = await watch.Output.ReadLineAsync().WaitAsync(CliProcess.Patience);
        }
        while (line?.StartsWith("{\"kind\":\"progress\"", StringComparison.Ordinal) == true);

        return line ?? throw new AssertionException("The watch has ended.");
    }

    private static async Task<CliResult> RunAsync(ServedStore served, params string[] arguments) =>
        (await CliProcess.RunAsync([.. arguments, .. served.Options])).ShouldSucceed();

    private static async Task<string[]> LinesAsync(ServedStore served, params string[] options) =>
        (await RunAsync(served, ["watch", .. options])).Text.TrimEnd('\n').Split('\n');

    private static string Field(string line, string name)
    {
        using var json = JsonDocument.Parse(line);
        return json.RootElement.GetProperty(name).ToString();
    }

    private static string ChangesOf(string line)
    {
        using var json = JsonDocument.Parse(line);
        return json.RootElement.GetProperty("changes").GetRawText();
    }
}
