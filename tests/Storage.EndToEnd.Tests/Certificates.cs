using WsStorage.Testing;
using WsStorage.Transport.Tls;

namespace WsStorage.EndToEnd.Tests;

/// <summary>One authority, server and client for all tests of the assembly.</summary>
[SetUpFixture]
public sealed class Certificates
{
    private TemporaryDirectory? _directory;

    public static CertificateSet Set { get; private set; } = null!;

    public static MutualTlsOptions Server { get; private set; } = null!;

    public static MutualTlsOptions Client { get; private set; } = null!;

    [OneTimeSetUp]
    public void Create()
    {
        _directory = new TemporaryDirectory();
        Set = CertificateSet.Create(_directory.Combine("certs"));
        Server = Set.LoadServer();
        Client = Set.LoadClient();
    }

    [OneTimeTearDown]
    public void Delete() => _directory?.Dispose();
}
