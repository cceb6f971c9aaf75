namespace WsStorage.Testing;

/// <summary>A new, empty directory that is deleted with all that is in it when it is disposed of.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Makes the directory.</summary>
    public TemporaryDirectory() => FullPath = Directory.CreateTempSubdirectory("wsstorage-").FullName;

    /// <summary>Where it is.</summary>
    public string FullPath { get; }

    /// <summary>A path within it; nothing is made there.</summary>
    /// <param name="name">A name, or several with slashes.</param>
    /// <returns>The full path.</returns>
    public string Combine(string name) => Path.Combine(FullPath, name);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Directory.Exists(FullPath))
        {
            Directory.Delete(FullPath, recursive: true);
        }
    }
}
