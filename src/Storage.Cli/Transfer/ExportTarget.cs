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
        try
        {
            _file = new FileStream(_partial, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(exception);
        }
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

        try
        {
            await _file!.WriteAsync(_pending.GetBuffer().AsMemory(0, (int)_pending.Length));
        }
        catch (IOException exception)
        {
            throw Unwritable(exception);
        }

        _pending.SetLength(0);
    }

    /// <summary>Says that the export is whole.</summary>
    public async ValueTask CommitAsync()
    {
        await FlushAsync();
        if (_file is null)
        {
            return;
        }

        try
        {
            _file.Flush(flushToDisk: true);
            await _file.DisposeAsync();
            File.Move(_partial, _path, overwrite: false);
        }
        catch (IOException exception)
        {
            throw Unwritable(exception);
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

    /// <summary>The user named a file, and is told of that one.</summary>
    private IOException Unwritable(Exception cause) =>
        new($"{_path} cannot be written: {cause.Message.Replace(_partial, _path, StringComparison.Ordinal)}", cause);
}
