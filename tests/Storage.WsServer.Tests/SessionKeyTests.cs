using System.Security.Cryptography;
using System.Text;

namespace WsStorage.WsServer.Tests;

public class SessionKeyTests
{
    private static readonly Guid ClientId = Guid.Parse("01234567-89ab-cdef-fedc-ba9876543210");

    [Test]
    public void A_key_is_a_hash_of_the_identity_and_the_client_id_big_endian()
    {
        byte[] input = [.. Encoding.UTF8.GetBytes("Zoë"), .. Convert.FromHexString("0123456789ABCDEFFEDCBA9876543210")];
        string expected = Convert.ToHexStringLower(SHA256.HashData(input))[..32];
        Assert.That(SessionKey.Derive(new ClientIdentity("Zoë", "any"), ClientId).ToString("N"), Is.EqualTo(expected));
    }

    [Test]
    public void Another_certificate_or_another_client_id_is_another_session()
    {
        Guid key = SessionKey.Derive(new ClientIdentity("a", "n"), ClientId);
        Assert.That(SessionKey.Derive(new ClientIdentity("b", "n"), ClientId), Is.Not.EqualTo(key));
        Assert.That(SessionKey.Derive(new ClientIdentity("a", "n"), Guid.Empty), Is.Not.EqualTo(key));
        Assert.That(SessionKey.Derive(new ClientIdentity("a", "another name"), ClientId), Is.EqualTo(key));
    }
}
