using WsStorage.Transport.Tls;

namespace WsStorage.Cli.Tests;

/// <summary>A directory for one test or fixture, with certificates when asked for.</summary>
internal sealed class TestDirectory : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("wsstorage-cli-");

    public string Path => _directory.FullName;

    public string Of(string name) => System.IO.Path.Combine(Path, name);

    public string WriteFile(string name, byte[] content)
    {
        File.WriteAllBytes(Of(name), content);
        return Of(name);
    }

    public CertificateSet MakeCertificates() => CertificateSet.Create(Of("certs"));

    public void Dispose() => _directory.Delete(recursive: true);
}
