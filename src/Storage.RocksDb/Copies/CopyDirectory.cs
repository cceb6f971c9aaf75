using System.Globalization;
using Microsoft.Extensions.Logging;
using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Opening;

namespace WsStorage.RocksDb.Copies;

/// <summary>
/// The directory of a store of copies: which copies there are, and which is the current one. Held by one process at a time.
/// </summary>
/// <remarks>
/// <code>
/// LOCK         held open by the process that has the copies
/// current      names the current copy in ASCII, "copy-3", and a line feed; replaced in one step
/// copy-N       a copy, an ordinary store; numbers grow
/// receipt      the files of a checkpoint that are being received: see FileReceipt
/// dropped-N    a copy that is being removed, or a receipt
/// </code>
/// <para>A copy with a lower number than the current one was replaced by it; one with a higher number is being built.</para>
/// </remarks>
internal sealed class CopyDirectory : IDisposable
{
    private const string CurrentFile = "current";
    private const string NewCurrentFile = "current.new";
    private const string LockFile = "LOCK";
    private const string CopyPrefix = "copy-";
    private const string DroppedPrefix = "dropped-";
    private const string ReceiptName = "receipt";

    private readonly ILogger _logger;
    private readonly FileStream _lock;

    private CopyDirectory(string path, FileStream held, ILogger logger)
    {
        Root = path;
        _lock = held;
        _logger = logger;
    }

    /// <summary>Where the copies lie.</summary>
    public string Root { get; }

    /// <summary>Where the files of a checkpoint are received.</summary>
    public string ReceiptPath => Path.Combine(Root, ReceiptName);

    /// <summary>The number of the current copy; null while there is none.</summary>
    public ulong? Current { get; private set; }

    /// <summary>Whether a copy has such a name.</summary>
    public static bool IsCopy(string name) => NumberOf(name) is not null;

    /// <summary>Opens the directory, which is created if missing and wanted, and removes what was left to be removed.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="create">Whether it is created.</param>
    /// <param name="logger">Told of what is removed.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: it has other content.
    /// <see cref="StorageErrorCode.Locked"/>, <see cref="StorageErrorCode.NotFound"/>, <see cref="StorageErrorCode.Corrupt"/>,
    /// <see cref="StorageErrorCode.IOError"/>.</exception>
    public static CopyDirectory Open(string path, bool create, ILogger logger)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        CheckContent(path, create);
        CopyDirectory directory = Try($"The copies in {path} could not be opened", () =>
        {
            Directory.CreateDirectory(path);
            return new CopyDirectory(path, Lock(path), logger);
        });
        try
        {
            directory.Recover();
            return directory;
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>The directory of a copy.</summary>
    public string PathOf(ulong number) =>
        Path.Combine(Root, string.Create(CultureInfo.InvariantCulture, $"{CopyPrefix}{number}"));

    /// <summary>The numbers of the copies that there are, in descending order.</summary>
    public IReadOnlyList<ulong> List() => Try(
        $"The copies in {Root} could not be listed",
        () => Directory.EnumerateDirectories(Root).Select(path => NumberOf(Path.GetFileName(path))).OfType<ulong>().OrderDescending().ToArray());

    /// <summary>A number above all that there are.</summary>
    public ulong NextNumber() => List() is [var greatest, ..] && greatest > Current.GetValueOrDefault() ? greatest + 1 : Current.GetValueOrDefault() + 1;

    /// <summary>Makes a directory that was written elsewhere in the root a copy, in one step, durably.</summary>
    /// <param name="path">The directory, beside the copies.</param>
    /// <param name="number">The copy's number.</param>
    public void Place(string path, ulong number) => Try(
        $"{path} could not be made a copy",
        () =>
        {
            Directory.Move(path, PathOf(number));
            DirectorySync.Sync(Root);
        });

    /// <summary>Makes a copy the current one, in one step. It is durable after <see cref="Sync"/>.</summary>
    public void SetCurrent(ulong number)
    {
        Try(
            $"The current copy in {Root} could not be changed",
            () =>
            {
                // The copy's own place is durable before anything names it.
                DirectorySync.Sync(Root);
                string next = Path.Combine(Root, NewCurrentFile);
                using (FileStream file = File.Create(next))
                {
                    file.Write(System.Text.Encoding.ASCII.GetBytes(Path.GetFileName(PathOf(number)) + "\n"));
                    file.Flush(flushToDisk: true);
                }

                File.Move(next, Path.Combine(Root, CurrentFile), overwrite: true);
            });
        Current = number;
    }

    /// <summary>Brings the change of the current copy to the disk.</summary>
    public void Sync() => Try(
        $"The change of the current copy in {Root} could not be brought to the disk", () => DirectorySync.Sync(Root));

    /// <summary>Removes a copy that is closed. What fails is tried again when the directory is next opened.</summary>
    public void Drop(ulong number) => Drop(PathOf(number), string.Create(CultureInfo.InvariantCulture, $"{DroppedPrefix}{number}"));

    /// <summary>Removes what was received, if anything; it is closed. What fails is tried again when the directory is next
    /// opened.</summary>
    public void DropReceipt() => Drop(ReceiptPath, DroppedPrefix + ReceiptName);

    /// <summary>Lets others have the directory.</summary>
    public void Dispose() => _lock.Dispose();

    private static void CheckContent(string path, bool create)
    {
        if (File.Exists(path))
        {
            throw StorageException.InvalidArgument($"{path} is a file; a replica's copies lie in a directory.");
        }

        if (StoreDirectory.HoldsDatabase(path))
        {
            throw StorageException.InvalidArgument(
                $"{path} holds a store, not a replica's copies; name an empty directory, or one that does not exist.");
        }

        string[] names = Directory.Exists(path)
            ? Try($"{path} could not be read", () => Directory.EnumerateFileSystemEntries(path).Select(entry => Path.GetFileName(entry)!).ToArray())
            : [];
        if (names.FirstOrDefault(name => !IsOurs(name)) is { } foreign)
        {
            throw StorageException.InvalidArgument(
                $"{path} holds other files ({foreign}), not only a replica's copies; name an empty directory, or one that does not exist.");
        }

        if (!create && names.Length == 0)
        {
            throw new StorageException(StorageErrorCode.NotFound, $"There are no copies in {path}.");
        }
    }

    private static bool IsOurs(string name) =>
        name is CurrentFile or NewCurrentFile or ReceiptName or LockFile or DiskSpace.ProbeFile or "lost+found"
        || IsCopy(name)
        || name.StartsWith(DroppedPrefix, StringComparison.Ordinal);

    private static ulong? NumberOf(string name) =>
        name.StartsWith(CopyPrefix, StringComparison.Ordinal)
        && ulong.TryParse(name.AsSpan(CopyPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            ? number
            : null;

    private static FileStream Lock(string path)
    {
        string file = Path.Combine(path, LockFile);
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(file) && !DiskSpace.IsFull(e))
        {
            throw OpeningFailure.ToLocked(
                $"The store of copies in {path}", path, LockHolder.IsThisProcess(path), "Close it there; a replica has its copies to itself.");
        }
    }

    private void Drop(string path, string droppedName)
    {
        try
        {
            if (Directory.Exists(path))
            {
                // Renamed first: what is half removed is never taken for what it was.
                string dropped = Path.Combine(Root, droppedName);
                if (Directory.Exists(dropped))
                {
                    Directory.Delete(dropped, recursive: true);
                }

                Directory.Move(path, dropped);
                Directory.Delete(dropped, recursive: true);
                Log.CopyRemoved(_logger, path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.CopyNotRemoved(_logger, e, path);
        }
    }

    private void Recover()
    {
        Current = ReadCurrent();
        if (Current is { } current && !Directory.Exists(PathOf(current)))
        {
            throw new StorageException(
                StorageErrorCode.Corrupt,
                $"The current copy in {Root} is {Path.GetFileName(PathOf(current))}, which is not there. Remove the directory; the replica loads its copy anew.");
        }

        Try(
            $"What was left to be removed in {Root} could not be",
            () =>
            {
                File.Delete(Path.Combine(Root, NewCurrentFile));
                foreach (string dropped in Directory.GetDirectories(Root, DroppedPrefix + "*"))
                {
                    Directory.Delete(dropped, recursive: true);
                }
            });
    }

    private ulong? ReadCurrent()
    {
        string file = Path.Combine(Root, CurrentFile);
        return !File.Exists(file) ? null
            : NumberOf(Try($"{file} could not be read", () => File.ReadAllText(file)).TrimEnd('\n')) is { } number ? number
            : throw new StorageException(
                StorageErrorCode.Corrupt, $"{file} names no copy. Remove the directory; the replica loads its copy anew.");
    }

    private static T Try<T>(string failure, Func<T> work)
    {
        T? result = default;
        Try(failure, () => { result = work(); });
        return result!;
    }

    private static void Try(string failure, Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(
                DiskSpace.IsFull(e) ? StorageErrorCode.DiskFull : StorageErrorCode.IOError, $"{failure}: {e.Message}", WriteOutcome.Unknown, e);
        }
    }
}
