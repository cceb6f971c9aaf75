using WsStorage.Testing;
using WsStorage.Transport.Tls;

namespace WsStorage.Transport.Tests.Tls;

public sealed class CertificateSetTests
{
    [Test]
    public async Task A_new_set_makes_a_handshake()
    {
        using var directory = new TemporaryDirectory();
        CertificateSet set = CertificateSet.Create(directory.Combine("certs"));
        await using TlsPair pair = await TlsPair.ConnectAsync(set.LoadServer(), set.LoadClient());
        Assert.That(pair.ServerSide.Verification, Is.EqualTo(PeerVerification.Accept("CN=client")));
        await pair.AssertEchoAsync();
    }

    [Test]
    [Platform(Exclude = "Win"), System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void Every_file_is_for_its_owner_only()
    {
        using var directory = new TemporaryDirectory();
        CertificateSet set = CertificateSet.Create(directory.FullPath);
        Assert.That(
            set.Files.Select(File.GetUnixFileMode),
            Is.EqualTo(Enumerable.Repeat(UnixFileMode.UserRead | UnixFileMode.UserWrite, 6)));
        Assert.That(Directory.GetFiles(directory.FullPath), Is.EquivalentTo(set.Files));
    }

    [Test]
    public void One_existing_file_stops_it_before_anything_is_written()
    {
        using var directory = new TemporaryDirectory();
        var set = new CertificateSet(directory.FullPath);
        File.WriteAllText(set.ClientTruststore, "mine");
        StorageException e = Assert.Throws<StorageException>(() => CertificateSet.Create(directory.FullPath))!;
        Assert.That(e.Message, Does.Contain(set.ClientTruststore));
        Assert.That(Directory.GetFiles(directory.FullPath), Is.EqualTo(new[] { set.ClientTruststore }));

        CertificateSet.Create(directory.FullPath, overwrite: true);
        Assert.That(() => set.LoadClient(), Throws.Nothing);
    }

    [Test]
    public void Passwords_are_random_and_long()
    {
        using var directory = new TemporaryDirectory();
        string one = CertificateSet.Create(directory.Combine("one")).Password.Read();
        string other = CertificateSet.Create(directory.Combine("other")).Password.Read();
        Assert.That(one, Has.Length.EqualTo(48).And.Not.EqualTo(other));
    }

    [Test]
    public void A_bad_host_stops_it_before_anything_is_written()
    {
        using var directory = new TemporaryDirectory();
        string path = directory.Combine("certs");
        Assert.That(
            () => CertificateSet.Create(path, new CertificateSetOptions { Hosts = ["no host"] }),
            Throws.TypeOf<StorageException>());
        Assert.That(Directory.Exists(path), Is.False);
    }
}
