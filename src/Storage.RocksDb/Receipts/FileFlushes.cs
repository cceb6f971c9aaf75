using Microsoft.Win32.SafeHandles;

namespace WsStorage.RocksDb.Receipts;

/// <summary>Brings files to the disk beside whoever receives the next ones. Its members are to be called one after the other.</summary>
/// <param name="flush">Brings a file to the disk, or throws an <see cref="IOException"/>.</param>
internal sealed class FileFlushes(Action<SafeFileHandle> flush) : IDisposable
{
    private readonly Queue<(int File, SafeFileHandle Handle)> _files = new();
    private Task<IOException?>? _first;

    /// <summary>How many files are not known to be on the disk.</summary>
    public int Count => _files.Count;

    /// <summary>Whether the first one's flush has ended, well or not.</summary>
    public bool IsFirstReady => _first is { IsCompleted: true };

    /// <summary>Adds a file all of which is written; they are flushed one after the other.</summary>
    /// <param name="file">Which.</param>
    /// <param name="handle">The file; owned from here on.</param>
    public void Add(int file, SafeFileHandle handle)
    {
        _files.Enqueue((file, handle));
        _first ??= FlushFirst();
    }

    /// <summary>Waits until the first one is on the disk.</summary>
    /// <returns>Which it is; it is not waited for any more.</returns>
    /// <exception cref="IOException">It could not be brought there; it stays the first, and is tried again.</exception>
    public async Task<int> TakeFirstAsync()
    {
        IOException? failure = await _first!.ConfigureAwait(false);
        if (failure is not null)
        {
            _first = FlushFirst();
            throw new IOException(failure.Message, failure) { HResult = failure.HResult };
        }

        (int file, SafeFileHandle handle) = _files.Dequeue();
        handle.Dispose();
        _first = _files.Count > 0 ? FlushFirst() : null;
        return file;
    }

    /// <summary>Closes the files, once the flush that is under way has ended.</summary>
    public void Dispose()
    {
        foreach ((_, SafeFileHandle handle) in _files)
        {
            handle.Dispose();
        }

        _files.Clear();
    }

    private Task<IOException?> FlushFirst()
    {
        SafeFileHandle handle = _files.Peek().Handle;
        return Task.Run(() =>
        {
            try
            {
                flush(handle);
                return null;
            }
            catch (IOException failure)
            {
                return failure;
            }
        });
    }
}
