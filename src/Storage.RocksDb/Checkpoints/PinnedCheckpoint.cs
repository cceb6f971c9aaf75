using Microsoft.Win32.SafeHandles;
using WsStorage.RocksDb.Opening;

namespace WsStorage.RocksDb.Checkpoints;

/// <summary>A checkpoint whose files are handed out. Thread-safe.</summary>
internal sealed class PinnedCheckpoint : IDisposable
{
    /// <summary>Who receives a checkpoint reads its files one after the other, perhaps a few at a time.</summary>
    private const int MaxOpenFiles = 8;

    private readonly string _directory;
    private readonly Dictionary<string, long> _lengths;
    private readonly List<OpenFile> _open = [];
    private readonly Lock _lock = new();
    private bool _disposed;

    /// <summary>Looks at the files of a checkpoint.</summary>
    /// <param name="id">Names it.</param>
    /// <param name="directory">Where it lies.</param>
    /// <exception cref="IOException">The directory could not be read.</exception>
    public PinnedCheckpoint(Guid id, string directory)
    {
        Id = id;
        _directory = directory;
        Files =
        [
            .. new DirectoryInfo(directory).EnumerateFiles()
                .Where(file => IsContent(file.Name))
                .OrderBy(file => file.Name, StringComparer.Ordinal)
                .Select(file => new CheckpointFile(file.Name, file.Length)),
        ];
        _lengths = Files.ToDictionary(file => file.Name, file => file.Length, StringComparer.Ordinal);
    }

    /// <summary>Names it.</summary>
    public Guid Id { get; }

    /// <summary>Its files, none of which changes any more.</summary>
    public IReadOnlyList<CheckpointFile> Files { get; }

    /// <summary>When it was made, adopted or read last: a timestamp of the store's clock. Guarded by the set that it is in.</summary>
    public long LastUsed { get; set; }

    /// <summary>Reads a piece of a file.</summary>
    /// <param name="file">The name of the file.</param>
    /// <param name="offset">Where the piece begins.</param>
    /// <param name="length">How long it is at the most.</param>
    /// <returns>The piece, shorter only at the end of the file.</returns>
    /// <exception cref="StorageException">As those of <see cref="ICheckpointStorage.ReadCheckpointAsync"/>.</exception>
    public byte[] Read(string file, long offset, int length)
    {
        // What is not listed is not opened: a name never leads out of the directory.
        if (!_lengths.TryGetValue(file, out long fileLength))
        {
            throw new StorageException(StorageErrorCode.NotFound, $"The checkpoint {Id} has no file {file}.");
        }

        if (offset < 0 || offset > fileLength)
        {
            throw StorageException.InvalidArgument(
                $"A piece of {file} begins at {offset}; it must be from 0 to the file's length, {fileLength}.");
        }

        byte[] piece = GC.AllocateUninitializedArray<byte>((int)Math.Min(length, fileLength - offset));
        try
        {
            OpenFile open = Rent(file);
            try
            {
                Fill(open.Handle, piece, offset, file);
            }
            finally
            {
                Return(open);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(
                StorageErrorCode.IOError, $"{file} of the checkpoint {Id} could not be read: {e.Message}", WriteOutcome.NotApplied, e);
        }

        return piece;
    }

    /// <summary>Closes its files; those that are being read, when they were.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            CloseIdle(leave: 0);
        }
    }

    /// <summary>Removes its files, after it was disposed of.</summary>
    /// <exception cref="IOException">They could not be removed; a new start of the store tries again.</exception>
    public void Remove()
    {
        // Removed in part it must not be taken for a checkpoint if the process dies in between.
        string doomed = _directory + ".released";
        Directory.Move(_directory, doomed);
        Directory.Delete(doomed, recursive: true);
    }

    private static bool IsContent(string name) =>
        name is not ("LOCK" or DiskSpace.ProbeFile) && !name.StartsWith("LOG", StringComparison.Ordinal);

    private static void Fill(SafeFileHandle handle, Span<byte> piece, long offset, string file)
    {
        while (piece.Length > 0)
        {
            int count = RandomAccess.Read(handle, piece, offset);
            if (count == 0)
            {
                throw new EndOfStreamException($"{file} is shorter than it was; it must not be changed.");
            }

            piece = piece[count..];
            offset += count;
        }
    }

    private OpenFile Rent(string file)
    {
        lock (_lock)
        {
            if (_disposed)
            {
                throw PinnedCheckpoints.ToUnknown(Id);
            }

            int index = _open.FindIndex(f => string.Equals(f.Name, file, StringComparison.Ordinal));
            OpenFile open;
            if (index >= 0)
            {
                open = _open[index];
                _open.RemoveAt(index);
            }
            else
            {
                CloseIdle(leave: MaxOpenFiles - 1);
                open = new OpenFile(
                    file, File.OpenHandle(Path.Combine(_directory, file), share: FileShare.ReadWrite | FileShare.Delete));
            }

            open.Readers++;
            _open.Add(open);
            return open;
        }
    }

    private void Return(OpenFile open)
    {
        lock (_lock)
        {
            open.Readers--;
            CloseIdle(leave: _disposed ? 0 : MaxOpenFiles);
        }
    }

    /// <summary>Closes files that nobody reads, those first that were opened or read longest ago.</summary>
    private void CloseIdle(int leave)
    {
        for (int i = 0; i < _open.Count && _open.Count > leave;)
        {
            if (_open[i].Readers == 0)
            {
                _open[i].Handle.Dispose();
                _open.RemoveAt(i);
            }
            else
            {
                i++;
            }
        }
    }

    private sealed class OpenFile(string name, SafeFileHandle handle)
    {
        public string Name { get; } = name;

        public SafeFileHandle Handle { get; } = handle;

        public int Readers { get; set; }
    }
}
