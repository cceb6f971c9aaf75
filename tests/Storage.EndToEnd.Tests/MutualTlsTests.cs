using WsStorage.Core;
using WsStorage.Transport.Tls;
using WsStorage.WsClient;

namespace WsStorage.EndToEnd.Tests;

/// <summary>The basics of mutual TLS through the whole road: what the client's exception says, and that the server goes on.</summary>
public class MutualTlsTests
{
    private static readonly DateTimeOffset LongAgo = DateTimeOffset.UtcNow.AddDays(-30);

    private CertificateAuthority _authority = null!;
    private InMemoryStorage _storage = null!;
    private Served _served = null!;

    [SetUp]
    public async Task SetUp()
    {
        _authority = CertificateAuthority.Create(new AuthorityOptions { NotBefore = LongAgo });
        _storage = new InMemoryStorage();
        _served = await Served.StartAsync(_storage, tls: new MutualTlsOptions
        {
            Keystore = _authority.Issue(IssueOptions.ForServer("localhost")),
            Truststore = _authority.ToTruststore(),
        });
    }

    [TearDown]
    public async Task TearDown()
    {
        await _served.DisposeAsync();
        await _storage.DisposeAsync();
        _authority.Dispose();
    }

    [Test]
    public async Task A_trusted_client_is_let_in()
    {
        await using WsStorageClient client = _served.CreateClient(With(_authority.Issue(IssueOptions.ForClient("good"))));
        await client.PutStringAsync("a", "1");
        Assert.That(await _storage.GetStringAsync("a"), Is.EqualTo("1"));
    }

    [Test]
    public async Task No_client_certificate_is_refused_and_said() =>
        await AssertRefusedAsync(With(null), "no client certificate");

    [Test]
    public async Task An_untrusted_client_certificate_is_refused_and_said()
    {
        using CertificateAuthority other = CertificateAuthority.Create();
        await AssertRefusedAsync(With(other.Issue(IssueOptions.ForClient("stranger"))), "truststore");
    }

    [Test]
    public async Task An_expired_client_certificate_is_refused_and_said() =>
        await AssertRefusedAsync(
            With(_authority.Issue(IssueOptions.ForClient("late") with { NotBefore = LongAgo, Validity = TimeSpan.FromDays(1) })), "expired");

    [Test]
    public async Task A_client_certificate_for_servers_is_refused_and_said() =>
        await AssertRefusedAsync(With(_authority.Issue(IssueOptions.ForServer("localhost"))), "clientAuth");

    [Test]
    public async Task A_server_certificate_for_another_name_is_refused_and_said()
    {
        await using Served other = await Served.StartAsync(_storage, tls: new MutualTlsOptions
        {
            Keystore = _authority.Issue(IssueOptions.ForServer("elsewhere.example")),
            Truststore = _authority.ToTruststore(),
        });
        await AssertRefusedAsync(With(_authority.Issue(IssueOptions.ForClient("good"))), "localhost", other);
    }

    [Test]
    public async Task An_untrusted_server_is_refused_and_said()
    {
        using CertificateAuthority other = CertificateAuthority.Create();
        MutualTlsOptions tls = With(_authority.Issue(IssueOptions.ForClient("good"))) with { Truststore = other.ToTruststore() };
        await AssertRefusedAsync(tls, "We refused the certificate");
    }

    private MutualTlsOptions With(Keystore? keystore) => new() { Keystore = keystore, Truststore = _authority.ToTruststore() };

    private async Task AssertRefusedAsync(MutualTlsOptions tls, string why, Served? served = null)
    {
        await using WsStorageClient client = (served ?? _served).CreateClient(tls);
        StorageException error = (await Assert.ThrowsAsync<StorageException>(async () => await client.PutStringAsync("x", "1")))!;
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.AuthenticationFailed), error.Message);
        Assert.That(error.Outcome, Is.EqualTo(WriteOutcome.NotApplied));
        Assert.That(error.Message, Does.Contain(why));
        Assert.That(_served.Server.ConnectionCount, Is.Zero);
        Assert.That((await _storage.GetInfoAsync()).Revision, Is.EqualTo(Revision.None));

        await using WsStorageClient good = _served.CreateClient(With(_authority.Issue(IssueOptions.ForClient("good"))));
        await good.PutStringAsync("a", "1");
    }
}
