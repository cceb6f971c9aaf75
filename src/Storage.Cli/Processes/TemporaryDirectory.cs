namespace WsStorage.Cli.Processes;

/// <summary>A directory that only its owner can read, gone when disposed of.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("wsstorage-");

    public string Of(string name) => Path.Combine(_directory.FullName, name);

    public void Dispose() => _directory.Delete(recursive: true);
}
