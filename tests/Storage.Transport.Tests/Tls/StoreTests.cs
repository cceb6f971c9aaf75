using System.Security.Cryptography.X509Certificates;
using WsStorage.Testing;
using WsStorage.Transport.Tls;

namespace WsStorage.Transport.Tests.Tls;

public sealed class StoreTests
{
    private static readonly PasswordSource Password = PasswordSource.FromText("correct horse");

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

    [Test]
    public void A_keystore_comes_back_as_it_was_saved()
    {
        string path = _directory.Combine("client.pfx");
        using Keystore saved = _authority.Issue(TestAuthority.Client);
        saved.Save(path, Password);
        using Keystore loaded = Keystore.Load(path, Password);
        Assert.Multiple(() =>
        {
            Assert.That(loaded.Certificate.RawData, Is.EqualTo(saved.Certificate.RawData));
            Assert.That(loaded.Certificate.HasPrivateKey, Is.True);
            Assert.That(loaded.Chain.Select(issuer => issuer.RawData), Is.EqualTo(new[] { _authority.Certificate.RawData }));
        });
    }

    [Test]
    public void A_truststore_tells_authorities_from_pinned_certificates()
    {
        string path = _directory.Combine("trust.pfx");
        using Keystore client = _authority.Issue(TestAuthority.Client);
        using Truststore saved = Truststore.Of(client.Certificate, _authority.Certificate);
        saved.Save(path, Password);
        using Truststore loaded = Truststore.Load(path, Password);
        Assert.Multiple(() =>
        {
            Assert.That(loaded.Authorities.Single().RawData, Is.EqualTo(_authority.Certificate.RawData));
            Assert.That(loaded.Pinned.Single().RawData, Is.EqualTo(client.Certificate.RawData));
            Assert.That(loaded.Pinned.Single().HasPrivateKey, Is.False);
        });
    }

    [Test]
    public void A_missing_file_is_not_found() =>
        AssertLoad(_directory.Combine("none.pfx"), StorageErrorCode.NotFound, "does not exist");

    [Test]
    public void A_missing_directory_is_not_found() =>
        AssertLoad(Path.Combine(_directory.FullPath, "none", "none.pfx"), StorageErrorCode.NotFound, "does not exist");

    [Test]
    public void A_wrong_password_says_so()
    {
        string path = SaveClient();
        StorageException e = Assert.Throws<StorageException>(() => Keystore.Load(path, PasswordSource.FromText("battery")).Dispose())!;
        Assert.Multiple(() =>
        {
            Assert.That(e.Code, Is.EqualTo(StorageErrorCode.AuthenticationFailed));
            Assert.That(e.Message, Does.Contain(path).And.Contain("password"));
            Assert.That(e.Message, Does.Not.Contain("battery"));
        });
    }

    [Test]
    public void A_file_cut_anywhere_is_refused([Values(0, 1, 2, 100, 500, -1)] int length)
    {
        string path = SaveClient();
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(length < 0 ? bytes.Length - 1 : length)]);
        AssertLoad(path, StorageErrorCode.Corrupt, "damaged");
    }

    [Test]
    public void A_changed_byte_is_refused()
    {
        string path = SaveClient();
        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
        AssertLoad(path, StorageErrorCode.AuthenticationFailed, "damaged");
    }

    [Test]
    public void A_file_larger_than_any_store_is_not_read()
    {
        string path = _directory.Combine("large.pfx");
        using (FileStream file = File.Create(path))
        {
            file.SetLength(1024 * 1024 + 1);
        }

        AssertLoad(path, StorageErrorCode.InvalidArgument, "1048576");
    }

    [Test]
    public void Other_formats_are_recognised()
    {
        string path = _directory.Combine("store");
        File.WriteAllText(path, _authority.Certificate.ExportCertificatePem());
        AssertLoad(path, StorageErrorCode.InvalidArgument, "PEM");
        File.WriteAllBytes(path, [0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2]);
        AssertLoad(path, StorageErrorCode.InvalidArgument, "JKS");
    }

    [Test]
    public void A_keystore_without_a_key_is_refused()
    {
        string path = _directory.Combine("trust.pfx");
        using Truststore truststore = _authority.ToTruststore();
        truststore.Save(path, Password);
        AssertLoad(path, StorageErrorCode.InvalidArgument, "no private key");
    }

    [Test]
    public void A_keystore_of_two_keys_is_refused()
    {
        string path = _directory.Combine("two.pfx");
        using Keystore one = _authority.Issue(TestAuthority.Client);
        using Keystore other = _authority.Issue(TestAuthority.Server);
        X509Certificate2Collection both = [one.Certificate, other.Certificate];
        File.WriteAllBytes(path, both.ExportPkcs12(Pkcs12ExportPbeParameters.Pbes2Aes256Sha256, Password.Read()));
        AssertLoad(path, StorageErrorCode.InvalidArgument, "2 private keys");
    }

    [Test]
    public void A_truststore_with_a_key_is_refused()
    {
        string path = SaveClient();
        StorageException e = Assert.Throws<StorageException>(() => Truststore.Load(path, Password).Dispose())!;
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(e.Message, Does.Contain("private key"));
    }

    [Test]
    public void An_empty_truststore_is_refused()
    {
        string path = _directory.Combine("empty.pfx");
        File.WriteAllBytes(path, new X509Certificate2Collection().ExportPkcs12(Pkcs12ExportPbeParameters.Pbes2Aes256Sha256, Password.Read()));
        StorageException e = Assert.Throws<StorageException>(() => Truststore.Load(path, Password).Dispose())!;
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(e.Message, Does.Contain("empty"));
        Assert.That(() => Truststore.Of(), Throws.TypeOf<StorageException>());
    }

    [Test]
    public void An_existing_file_stays_unless_it_may_be_overwritten()
    {
        string path = SaveClient();
        byte[] before = File.ReadAllBytes(path);
        StorageException e = Assert.Throws<StorageException>(() => _authority.Save(path, Password))!;
        Assert.That(e.Message, Does.Contain("exists already"));
        Assert.That(File.ReadAllBytes(path), Is.EqualTo(before));

        _authority.Save(path, Password, overwrite: true);
        using Keystore loaded = Keystore.Load(path, Password);
        Assert.That(loaded.Certificate.RawData, Is.EqualTo(_authority.Certificate.RawData));
        Assert.That(Directory.GetFiles(_directory.FullPath), Is.EqualTo(new[] { path }), "nothing else is left behind");
    }

    [Test]
    [Platform(Exclude = "Win"), System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void Files_are_for_their_owner_only([Values] bool overwrite)
    {
        string path = _directory.Combine("client.pfx");
        using Keystore keystore = _authority.Issue(TestAuthority.Client);
        if (overwrite)
        {
            File.WriteAllText(path, "readable by all");
        }

        keystore.Save(path, Password, overwrite);
        Assert.That(File.GetUnixFileMode(path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    public void A_file_that_cannot_be_written_is_named()
    {
        string path = Path.Combine(_directory.FullPath, "none", "ca.pfx");
        StorageException e = Assert.Throws<StorageException>(() => _authority.Save(path, Password))!;
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.IOError));
        Assert.That(e.Message, Does.Contain(path));
    }

    [Test]
    public void A_store_without_a_password_can_be_saved_and_loaded()
    {
        string path = _directory.Combine("open.pfx");
        _authority.Save(path, PasswordSource.None);
        Assert.That(() => Keystore.Load(path, PasswordSource.None).Dispose(), Throws.Nothing);
    }

    [Test]
    public void Entries_show_what_a_store_holds()
    {
        string path = _directory.Combine("server.pfx");
        using Keystore keystore = _authority.Issue(TestAuthority.Server);
        keystore.Save(path, Password);
        IReadOnlyList<StoreEntry> entries = StoreEntry.ReadAll(path, Password);
        Assert.That(entries, Has.Count.EqualTo(2));
        Assert.Multiple(() =>
        {
            Assert.That(entries[0].Subject, Is.EqualTo("CN=localhost"));
            Assert.That(entries[0].Issuer, Is.EqualTo("CN=Test CA"));
            Assert.That(entries[0].HasPrivateKey, Is.True);
            Assert.That(entries[0].IsAuthority, Is.False);
            Assert.That(entries[0].Purposes, Is.EqualTo(new[] { "serverAuth" }));
            Assert.That(entries[0].Names, Is.EqualTo(new[] { "localhost", "*.example.org", "127.0.0.1" }));
            Assert.That(entries[1].HasPrivateKey, Is.False);
            Assert.That(entries[1].IsAuthority, Is.True);
            Assert.That(entries[1].Fingerprint, Has.Length.EqualTo(64));
        });
    }

    private string SaveClient()
    {
        string path = _directory.Combine("client.pfx");
        using Keystore keystore = _authority.Issue(TestAuthority.Client);
        keystore.Save(path, Password);
        return path;
    }

    private static void AssertLoad(string path, StorageErrorCode code, string text)
    {
        StorageException e = Assert.Throws<StorageException>(() => Keystore.Load(path, Password).Dispose())!;
        Assert.Multiple(() =>
        {
            Assert.That(e.Code, Is.EqualTo(code));
            Assert.That(e.Message, Does.Contain(path).And.Contain(text));
        });
    }
}
