using WsStorage.Transport.Tls;

namespace WsStorage.Cli.Tests;

/// <summary>Serving a replica from the command line.</summary>
internal sealed class RelayTests
{
    private readonly TestDirectory _directory = new();
    private CertificateSet _certificates = null!;

    [OneTimeSetUp]
    public void MakeCertificates() => _certificates = _directory.MakeCertificates();

    [OneTimeTearDown]
    public void Delete() => _directory.Dispose();

    [Test]
    public async Task Relay_answers_reads_and_passes_writes_on()
    {
        using ServedStore source = await ServedStore.StartAsync(_certificates.Directory, "--memory");
        (await CliProcess.RunAsync(["put", "a", "1", .. source.Options])).ShouldSucceed();
        using ServedStore relay = await ServedStore.StartAsync(
            _certificates.Directory, "--data", _directory.Of("relay"), "--replica-of", source.Url);

        (await CliProcess.RunAsync(["put", "b", "2", .. relay.Options])).ShouldSucceed();
        CliResult scanned = (await CliProcess.RunAsync(["scan", .. relay.Options])).ShouldSucceed();
        CliResult info = (await CliProcess.RunAsync(["info", .. relay.Options])).ShouldSucceed();
        CliResult replicated = (await CliProcess.RunAsync(["replicate", "--until-live", .. relay.Options, "--data", _directory.Of("of-relay")])).ShouldSucceed();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(scanned.Text, Is.EqualTo("a\t1\nb\t2\n"));
            Assert.That((await CliProcess.RunAsync(["get", "b", .. source.Options])).Text, Is.EqualTo("2"));
            Assert.That(info.Text, Does.Contain("replica of memory"));
            Assert.That(replicated.Error, Does.Contain("in step at revision 2"));
            Assert.That((await CliProcess.RunAsync("scan", "--data", _directory.Of("of-relay"))).Text, Is.EqualTo(scanned.Text));
        }

        (await CliProcess.RunAsync(["lock", "name", "--try", .. relay.Options, "--", "true"])).ShouldFail(3, "keeps no leases");
        CliResult ended = (await relay.StopAsync()).ShouldSucceed();
        Assert.That(ended.Error, Does.Contain("loading the copy by rows.").And.Contain("in step at revision 1"));
    }

    [Test]
    public async Task Relay_serves_what_it_has_while_its_source_is_gone()
    {
        string[] data = ["--data", _directory.Of("alone")];
        using ServedStore source = await ServedStore.StartAsync(_certificates.Directory, "--memory");
        (await CliProcess.RunAsync(["put", "k", "v", .. source.Options])).ShouldSucceed();
        using (ServedStore relay = await ServedStore.StartAsync(_certificates.Directory, [.. data, "--replica-of", source.Url]))
        {
            (await relay.StopAsync()).ShouldSucceed();
        }

        (await source.StopAsync()).ShouldSucceed();
        using ServedStore again = await ServedStore.StartAsync(_certificates.Directory, [.. data, "--replica-of", source.Url]);

        Assert.That((await CliProcess.RunAsync(["get", "k", .. again.Options])).ShouldSucceed().Text, Is.EqualTo("v"));
        Assert.That((await again.StopAsync()).ShouldSucceed().Error, Does.Contain("Trying again until Ctrl-C."));
    }

    [Test]
    public async Task Relay_has_certificates_for_either_side()
    {
        using var own = new TestDirectory();
        CertificateSet clients = own.MakeCertificates();
        using ServedStore source = await ServedStore.StartAsync(_certificates.Directory, "--memory");
        (await CliProcess.RunAsync(["put", "k", "v", .. source.Options])).ShouldSucceed();

        using ServedStore relay = await ServedStore.StartAsync(
            clients.Directory, "--memory", "--replica-of", source.Url, "--source-certs", _certificates.Directory);

        Assert.That((await CliProcess.RunAsync(["get", "k", .. relay.Options])).ShouldSucceed().Text, Is.EqualTo("v"));
        CliResult stranger = await CliProcess.RunAsync(
            "serve", "--memory", "--listen", "localhost:0", "--certs", clients.Directory, "--replica-of", source.Url);
        Assert.That(stranger.ExitCode, Is.EqualTo(3), stranger.Error);
    }
}
