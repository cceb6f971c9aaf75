using WsStorage.Testing;
using WsStorage.Transport.Tls;

namespace WsStorage.Transport.Tests.Tls;

/// <summary>Stores that other tools wrote load here, and ours load there.</summary>
public sealed class InteropTests
{
    private const string Secret = "changeit-twice";

    private static readonly PasswordSource Password = PasswordSource.FromText(Secret);

    private TemporaryDirectory _directory = null!;
    private CertificateAuthority _authority = null!;

    [SetUp]
    public void SetUp()
    {
        _directory = new TemporaryDirectory();
        _authority = TestAuthority.Create();
    }

    [TearDown]
    public void TearDown()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [TestCase("")]
    [TestCase("-legacy")]
    [TestCase("-nomac")]
    [TestCase("-certpbe AES-256-CBC -keypbe AES-256-CBC -macalg SHA256")]
    public async Task An_openssl_keystore_loads(string options)
    {
        Tool.Require("openssl", "version");
        (string key, string certificate) = WritePem(TestAuthority.Client);
        string store = _directory.Combine("client.pfx");
        await Tool.RunAsync(
            "openssl",
            ["pkcs12", "-export", .. Split(options), "-inkey", key, "-in", certificate, "-certfile", CaPem(), "-passout", $"pass:{Secret}", "-out", store]);
        using Keystore loaded = Keystore.Load(store, Password);
        Assert.That(loaded.Certificate.Subject, Is.EqualTo("CN=alice"));
        Assert.That(loaded.Chain.Single().RawData, Is.EqualTo(_authority.Certificate.RawData));
    }

    [TestCase("")]
    [TestCase("-legacy")]
    public async Task An_openssl_truststore_loads(string options)
    {
        Tool.Require("openssl", "version");
        string store = _directory.Combine("trust.pfx");
        await Tool.RunAsync(
            "openssl", ["pkcs12", "-export", .. Split(options), "-nokeys", "-in", CaPem(), "-passout", $"pass:{Secret}", "-out", store]);
        using Truststore loaded = Truststore.Load(store, Password);
        Assert.That(loaded.Authorities.Single().RawData, Is.EqualTo(_authority.Certificate.RawData));
    }

    [Test]
    public async Task Openssl_reads_our_keystore_and_verifies_our_certificate()
    {
        Tool.Require("openssl", "version");
        string store = _directory.Combine("server.pfx");
        using Keystore server = _authority.Issue(TestAuthority.Server);
        server.Save(store, Password);
        string pem = await Tool.RunAsync("openssl", "pkcs12", "-in", store, "-passin", $"pass:{Secret}", "-clcerts", "-nokeys");
        string certificate = _directory.Combine("server.pem");
        await File.WriteAllTextAsync(certificate, pem);
        string result = await Tool.RunAsync(
            "openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "localhost", "-CAfile", CaPem(), certificate);
        Assert.That(result, Does.Contain("OK"));
    }

    [TestCase("")]
    [TestCase("-J-Dkeystore.pkcs12.legacy")]
    public async Task Keytool_stores_load(string options)
    {
        Tool.Require("keytool", "-help");
        string keystore = _directory.Combine("client.p12");
        string truststore = _directory.Combine("trust.p12");
        await Tool.RunAsync(
            "keytool",
            [.. Split(options), "-genkeypair", "-alias", "client", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=duke", "-ext", "eku=clientAuth", "-storetype", "PKCS12", "-keystore", keystore, "-storepass", Secret]);
        await Tool.RunAsync(
            "keytool",
            [.. Split(options), "-importcert", "-noprompt", "-alias", "ca", "-file", CaPem(), "-storetype", "PKCS12", "-keystore", truststore, "-storepass", Secret]);
        using Keystore client = Keystore.Load(keystore, Password);
        using Truststore trust = Truststore.Load(truststore, Password);
        Assert.That(client.Certificate.Subject, Is.EqualTo("CN=duke"));
        Assert.That(trust.Authorities.Single().RawData, Is.EqualTo(_authority.Certificate.RawData));

        using Keystore server = _authority.Issue(TestAuthority.Server);
        using Truststore pin = Truststore.Of(client.Certificate);
        await using TlsPair pair = await TlsPair.ConnectAsync(
            new MutualTlsOptions { Keystore = server, Truststore = pin }, new MutualTlsOptions { Keystore = client, Truststore = trust });
        await pair.AssertEchoAsync();
    }

    [Test]
    public async Task Keytool_reads_our_keystore()
    {
        Tool.Require("keytool", "-help");
        string store = _directory.Combine("client.pfx");
        using Keystore client = _authority.Issue(TestAuthority.Client);
        client.Save(store, Password);
        string list = await Tool.RunAsync("keytool", "-list", "-v", "-storetype", "PKCS12", "-keystore", store, "-storepass", Secret);
        Assert.That(list, Does.Contain("PrivateKeyEntry").And.Contain("CN=alice"));
    }

    [Test]
    public async Task An_old_java_store_is_named_as_such()
    {
        Tool.Require("keytool", "-help");
        string store = _directory.Combine("trust.jks");
        await Tool.RunAsync(
            "keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", CaPem(), "-storetype", "JKS", "-keystore", store, "-storepass", Secret);
        Assert.That(() => Truststore.Load(store, Password).Dispose(), Throws.TypeOf<StorageException>().With.Message.Contains("JKS"));
    }

    [Test]
    public async Task The_openssl_script_makes_a_set_that_works()
    {
        Tool.Require("openssl", "version");
        string script = Path.Combine(AppContext.BaseDirectory, "certs", "openssl-example.sh");
        await Tool.RunAsync("sh", script, _directory.FullPath, "localhost", "127.0.0.1", "::1");
        var set = new CertificateSet(_directory.FullPath);
        Assert.That(Directory.GetFiles(_directory.FullPath), Is.EquivalentTo(set.Files));
        MutualTlsOptions server = set.LoadServer();
        MutualTlsOptions client = set.LoadClient();
        foreach (string host in (IEnumerable<string>)["localhost", "127.0.0.1", "::1"])
        {
            await using TlsPair pair = await TlsPair.ConnectAsync(server, client, host);
            await pair.AssertEchoAsync();
        }

        using var authority = CertificateAuthority.FromKeystore(Keystore.Load(set.Authority, set.Password));
        using Keystore another = authority.Issue(TestAuthority.Client);
        await using TlsPair later = await TlsPair.ConnectAsync(server, client with { Keystore = another });
        await later.AssertEchoAsync();
    }

    [Test]
    public async Task The_commands_of_the_page_work()
    {
        Tool.Require("openssl", "version");
        Tool.Require("keytool", "-help");
        string certs = Path.Combine(AppContext.BaseDirectory, "certs");
        string page = await File.ReadAllTextAsync(Path.Combine(certs, "README.md"));
        IEnumerable<string> blocks = page.Split("```sh\n").Skip(1).Select(block => block[..block.IndexOf("```", StringComparison.Ordinal)]);
        string script = _directory.Combine("commands.sh");
        await File.WriteAllTextAsync(script, $"set -eu\ncd '{_directory.FullPath}'\nCERTS='{certs}'\n{string.Concat(blocks)}");
        await Tool.RunAsync("sh", script);

        var set = new CertificateSet(_directory.FullPath);
        MutualTlsOptions server = set.LoadServer() with { Keystore = Keystore.Load(_directory.Combine("my.keystore.pfx"), set.Password) };
        MutualTlsOptions client = set.LoadClient() with { Truststore = Truststore.Load(_directory.Combine("my.truststore.pfx"), set.Password) };
        MutualTlsOptions java = client with { Keystore = Keystore.Load(_directory.Combine("billing.keystore.p12"), set.Password) };
        await AssertMeetAsync(server, client);
        await AssertMeetAsync(server, client with { Truststore = Truststore.Load(_directory.Combine("new.truststore.p12"), set.Password) });
        await AssertMeetAsync(server with { Truststore = Truststore.Load(_directory.Combine("server.truststore.p12"), set.Password) }, java);
        MutualTlsOptions pinning = server with { Truststore = Truststore.Load(_directory.Combine("pinned.truststore.pfx"), set.Password) };
        await AssertMeetAsync(pinning, java);
        await AssertMeetAsync(pinning, client);
    }

    private static async Task AssertMeetAsync(MutualTlsOptions server, MutualTlsOptions client)
    {
        await using TlsPair pair = await TlsPair.ConnectAsync(server, client);
        await pair.AssertEchoAsync();
    }

    private static string[] Split(string options) => options.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private string CaPem()
    {
        string path = _directory.Combine("ca.pem");
        File.WriteAllText(path, _authority.Certificate.ExportCertificatePem());
        return path;
    }

    private (string Key, string Certificate) WritePem(IssueOptions options)
    {
        using Keystore keystore = _authority.Issue(options);
        string key = _directory.Combine("leaf.key");
        string certificate = _directory.Combine("leaf.pem");
        using System.Security.Cryptography.ECDsa privateKey = System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions
            .GetECDsaPrivateKey(keystore.Certificate)!;
        File.WriteAllText(key, privateKey.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(certificate, keystore.Certificate.ExportCertificatePem());
        return (key, certificate);
    }
}
