using WsStorage.Cli.Terminal;

namespace WsStorage.Cli.Transfer;

/// <summary>Where an export goes. A file gets its name only once it is whole.</summary>
internal sealed class ExportTarget : IAsyncDisposable
{
    private readonly MemoryStream _pending = new();
    private readonly StandardOutput? _output;
    private readonly FileStream? _file;
    private readonly string _path = "";
    private readonly string _partial = "";

    private ExportTarget(string path)
    {
        _path = Path.GetFullPath(path);
        if (Path.Exists(_path))
        {
            // Never replaced: a rename onto a name such as /dev/stdout would replace the device.
            throw new UsageException($"{path} exists already; name another file, or export to - and send stdout there.");
        }

        _partial = $"{_path}.{Guid.NewGuid():N}.partial";
        _file = new FileStream(_partial, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    private ExportTarget() => _output = new StandardOutput();

    /// <summary>Takes what is written, until <see cref="FlushAsync"/>.</summary>
    public Stream Stream => _output?.Buffer ?? _pending;

    public static ExportTarget Open(string path, bool toOutput) => toOutput ? new ExportTarget() : new ExportTarget(path);

    /// <summary>Passes on what has been written; called after each page.</summary>
    public async ValueTask FlushAsync()
    {
        if (_output is not null)
        {
            await _output.FlushAsync();
            return;
        }

        await _file!.WriteAsync(_pending.GetBuffer().AsMemory(0, (int)_pending.Length));
        _pending.SetLength(0);
    }

    /// <summary>Says that the export is whole.</summary>
    public async ValueTask CommitAsync()
    {
        await FlushAsync();
        if (_file is not null)
        {
            _file.Flush(flushToDisk: true);
            await _file.DisposeAsync();
            File.Move(_partial, _path, overwrite: false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_output is not null)
        {
            await _output.DisposeAsync();
        }

        if (_file is not null)
        {
            await _file.DisposeAsync();
            File.Delete(_partial);
        }
    }
}
