using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using WsStorage.Testing;
using WsStorage.Transport.Tls;

namespace WsStorage.EndToEnd.Tests.ForeignClient;

/// <summary>A client's stores as PEM files, which is what most programs that are not of .NET or Java want.</summary>
internal sealed record PemFiles(string Authority, string Certificate, string Key)
{
    public static PemFiles Write(CertificateSet set, TemporaryDirectory directory)
    {
        var files = new PemFiles(directory.Combine("ca.pem"), directory.Combine("client.pem"), directory.Combine("client.key"));
        string password = set.Password.Read();
        X509Certificate2Collection trusted = X509CertificateLoader.LoadPkcs12CollectionFromFile(set.ClientTruststore, password);
        File.WriteAllText(files.Authority, trusted.ExportCertificatePems());

        X509Certificate2Collection own =
            X509CertificateLoader.LoadPkcs12CollectionFromFile(set.ClientKeystore, password, X509KeyStorageFlags.Exportable);
        X509Certificate2 certificate = own.Single(candidate => candidate.HasPrivateKey);
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(files.Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(files.Key, key.ExportPkcs8PrivateKeyPem());
        foreach (X509Certificate2 loaded in trusted.Concat(own))
        {
            loaded.Dispose();
        }

        return files;
    }
}
