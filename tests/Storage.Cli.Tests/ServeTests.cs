using System.Net;
using System.Net.Sockets;
using WsStorage.Testing.Network;
using WsStorage.Transport.Tls;

namespace WsStorage.Cli.Tests;

/// <summary>The life of a server: what keeps it from starting, who gets in, and how it ends.</summary>
internal sealed class ServeTests
{
    private readonly TestDirectory _directory = new();
    private CertificateSet _certificates = null!;

    [OneTimeSetUp]
    public void MakeCertificates() => _certificates = _directory.MakeCertificates();

    [OneTimeTearDown]
    public void Delete() => _directory.Dispose();

    [Test]
    public async Task Signal_ends_it_in_good_order([Values("INT", "TERM")] string signal)
    {
        string[] data = ["--data", _directory.Of($"ends-{signal}")];
        using ServedStore served = await ServedStore.StartAsync(_certificates.Directory, data);
        (await CliProcess.RunAsync(["put", "k", "v", .. served.Options])).ShouldSucceed();

        CliResult ended = (await served.StopAsync(signal)).ShouldSucceed();

        Assert.That(ended.Error, Is.Empty);
        Assert.That((await CliProcess.RunAsync(["get", "k", .. data])).ShouldSucceed().Text, Is.EqualTo("v"));
    }

    [Test]
    public async Task Memory_is_gone_with_the_server()
    {
        using ServedStore served = await ServedStore.StartAsync(_certificates.Directory, "--memory");
        (await CliProcess.RunAsync(["put", "k", "v", .. served.Options])).ShouldSucceed();

        Assert.That((await CliProcess.RunAsync(["info", .. served.Options])).Text, Does.Contain("memory").And.Contain("volatile"));
    }

    [Test]
    public async Task Path_and_durability_are_as_asked()
    {
        using ServedStore served = await ServedStore.StartAsync(
            _certificates.Directory, "--data", _directory.Of("buffered"), "--path", "/other", "--durability", "buffered");

        Assert.That(served.Url, Does.EndWith("/other"));
        Assert.That((await CliProcess.RunAsync(["info", .. served.Options])).Text, Does.Contain("buffered"));
        string[] wrong = ["--url", served.Url.Replace("/other", "/storage", StringComparison.Ordinal), "--certs", _certificates.Directory];
        (await CliProcess.RunAsync(["info", .. wrong])).ShouldFail(3, "the server answered 404");
    }

    [Test]
    public async Task Directory_that_is_served_can_be_read_but_not_changed()
    {
        string data = _directory.Of("locked");
        using ServedStore served = await ServedStore.StartAsync(_certificates.Directory, "--data", data);
        (await CliProcess.RunAsync(["put", "k", "v", .. served.Options])).ShouldSucceed();

        (await ServeAsync("--data", data)).ShouldFail(3, "is locked");
        (await CliProcess.RunAsync("put", "k", "w", "--data", data)).ShouldFail(3, "is locked");
        (await CliProcess.RunAsync("checkpoint", _directory.Of("of-locked"), "--data", data)).ShouldFail(3, "is locked");
        Assert.That((await CliProcess.RunAsync("get", "k", "--data", data)).ShouldSucceed().Text, Is.EqualTo("v"));
    }

    [Test]
    public async Task Port_in_use_is_told()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;

        CliResult result = await CliProcess.RunAsync("serve", "--memory", "--certs", _certificates.Directory, "--listen", $"127.0.0.1:{port}");

        result.ShouldFail(3, $"Port {port} is in use");
    }

    [Test]
    public async Task Certificates_that_are_missing_or_locked_are_told()
    {
        (await ServeAsync("--memory", "--certs", _directory.Of("nowhere"))).ShouldFail(3, "server.keystore.pfx does not exist");
        (await ServeAsync("--memory", "--password", "wrong")).ShouldFail(3, "does not open with the password");
        (await ServeAsync("--memory", "--password-file", _directory.Of("no-file"))).ShouldFail(3, "does not exist");
        (await ServeAsync("--memory", "--keystore", _certificates.ClientKeystore)).ShouldFail(3, "The server's own certificate CN=client is of no use");
        (await ServeAsync("--memory", "--keystore", _certificates.ServerTruststore)).ShouldFail(2, "holds no private key");
    }

    [Test]
    public async Task Stranger_is_refused_and_told_why()
    {
        using ServedStore served = await ServedStore.StartAsync(_certificates.Directory, "--memory");
        CertificateSet other = CertificateSet.Create(_directory.Of("other-certs"));

        string[] options = ["--url", served.Url, "--keystore", other.ClientKeystore, "--password-file", other.PasswordFile];
        string[] trust = ["--truststore", _certificates.ClientTruststore, "--truststore-password-file", _certificates.PasswordFile];
        (await CliProcess.RunAsync(["info", .. options, .. trust])).ShouldFail(3, "refused our client certificate CN=client");
        (await CliProcess.RunAsync("info", "--url", served.Url, "--certs", other.Directory)).ShouldFail(3, "We refused the certificate CN=localhost");
    }

    [Test]
    public async Task Server_that_is_not_there_is_told()
    {
        string url = $"wss://localhost:{FreePort.Find()}/storage";

        (await CliProcess.RunAsync("get", "k", "--url", url, "--certs", _certificates.Directory))
            .ShouldFail(3, "could not be reached");
    }

    [Test]
    public async Task Environment_stands_in_for_options()
    {
        using ServedStore served = await ServedStore.StartAsync(_certificates.Directory, "--memory");
        string moved = _directory.Of("without-password");
        Directory.CreateDirectory(moved);
        File.Copy(_certificates.ClientKeystore, Path.Combine(moved, "client.keystore.pfx"));
        File.Copy(_certificates.ClientTruststore, Path.Combine(moved, "client.truststore.pfx"));
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["WSSTORAGE_URL"] = served.Url,
            ["WSSTORAGE_CERTS"] = moved,
        };

        using CliProcess without = CliProcess.StartIn(_directory.Path, variables, "put", "k", "v");
        (await without.FinishAsync()).ShouldFail(2, "No password for ");

        variables["WSSTORAGE_PASSWORD"] = (await File.ReadAllTextAsync(_certificates.PasswordFile)).Trim();
        using CliProcess with = CliProcess.StartIn(_directory.Path, variables, "put", "k", "v");
        (await with.FinishAsync()).ShouldSucceed();
        using CliProcess contradicted = CliProcess.StartIn(_directory.Path, variables, "get", "k", "--data", _directory.Of("no-store"));
        (await contradicted.FinishAsync()).ShouldFail(3, "There is no store in ");
    }

    private Task<CliResult> ServeAsync(params string[] options) => CliProcess.RunAsync(
        ["serve", "--listen", "localhost:0", .. options.Contains("--certs") ? [] : (string[])["--certs", _certificates.Directory], .. options]);
}
