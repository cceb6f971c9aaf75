using System.Text;

namespace WsStorage.WsClient;

/// <summary>
/// Which client this is, for its server: given, new, or kept in a file, which is then locked as long as this lives, because two
/// programs with one id would take each other's connection and each other's numbers.
/// </summary>
internal sealed class ClientId : IDisposable
{
    // A UUID as text and a line's end; a little more is told from a text that is something else.
    private const int MaxFileBytes = 64;
    private const int WindowsSharingViolation = unchecked((int)0x80070020);

    private readonly FileStream? _file;

    private ClientId(Guid value, FileStream? file)
    {
        Value = value;
        _file = file;
    }

    public Guid Value { get; }

    /// <summary>Finds out, or decides, which client this is.</summary>
    /// <param name="options">An id, a file, or neither.</param>
    /// <returns>The id, to be disposed of with the client.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Locked"/>: another client has the file.
    /// <see cref="StorageErrorCode.IOError"/> or <see cref="StorageErrorCode.Corrupt"/>: it can't be used.</exception>
    public static ClientId Open(WsStorageClientOptions options) => options.ClientIdFile is { } path
        ? OpenFile(Path.GetFullPath(path))
        : new ClientId(options.ClientId ?? Guid.NewGuid(), null);

    public void Dispose() => _file?.Dispose();

    private static ClientId OpenFile(string path)
    {
        FileStream? file = null;
        try
        {
            var create = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
            {
                create.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            file = new FileStream(path, create);
            return new ClientId(file.Length == 0 ? WriteNew(file) : Read(file, path), file);
        }
        catch (IOException exception) when (file is null && IsLocked(exception, path))
        {
            throw new StorageException(
                StorageErrorCode.Locked,
                $"Another client has the id in {path}, in this program or another. Dispose of it first, or give this one a file of its own.",
                WriteOutcome.NotApplied,
                exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw new StorageException(
                StorageErrorCode.IOError,
                $"The file of the client's id, {path}, can't be used: {exception.Message} It needs a directory that exists and the right to read and write.",
                WriteOutcome.NotApplied,
                exception);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    // Unix has no code of its own for a lock that is held; what else may be wrong with a file there has a type or shows here.
    private static bool IsLocked(IOException exception, string path) => OperatingSystem.IsWindows()
        ? exception.HResult == WindowsSharingViolation
        : exception.GetType() == typeof(IOException) && File.Exists(path);

    private static Guid WriteNew(FileStream file)
    {
        var id = Guid.NewGuid();
        file.Write(Encoding.ASCII.GetBytes($"{id:D}\n"));
        file.Flush(flushToDisk: true);
        return id;
    }

    private static Guid Read(FileStream file, string path)
    {
        Span<byte> content = stackalloc byte[MaxFileBytes + 1];
        int length = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        return Guid.TryParseExact(Encoding.ASCII.GetString(content[..length]).Trim(), "D", out Guid id) && id != Guid.Empty
            ? id
            : throw new StorageException(
                StorageErrorCode.Corrupt,
                $"{path} does not hold the id of a client: a UUID, as 8-4-4-4-12 hexadecimal digits, and nothing else. Name another file, or delete this one to get a new id.");
    }
}
