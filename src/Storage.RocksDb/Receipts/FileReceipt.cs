using System.Globalization;
using Microsoft.Win32.SafeHandles;
using WsStorage.Core.Copies;
using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Opening;

namespace WsStorage.RocksDb.Receipts;

/// <summary>
/// Receives the files of a checkpoint into a directory of its own, with a journal beside them. A file is brought to the disk
/// when it is complete, while the next is received. What there is of the others is believed, after a restart, as far as it has
/// the hashes that the journal knows: so it goes on exactly where it was when the process was killed, and loses no more than
/// that when the machine has lost what it had not brought to the disk. Its members are to be called one after the other.
/// </summary>
/// <remarks>
/// <code>
/// journal   see ReceiptRecord
/// files/    the files, under their names
/// </code>
/// </remarks>
internal sealed class FileReceipt : CheckpointReceipt, IDisposable
{
    // What may wait for the disk while more is received: files of RocksDB have some 16 to 64 MiB.
    private const int MostUnflushed = 2;

    private readonly ReceiptRecord _record;
    private readonly ReceiptJournal _journal;
    private readonly FileFlushes _flushes = new(RandomAccess.FlushToDisk);
    private readonly long[] _lengths;
    private SafeFileHandle? _open;
    private int _openFile = -1;

    private FileReceipt(string directory, ReceiptRecord record, long[] lengths)
    {
        FilesDirectory = FilesIn(directory);
        _record = record;
        _lengths = lengths;
        _journal = new ReceiptJournal(JournalIn(directory), record);
    }

    /// <inheritdoc/>
    public override CheckpointInfo Checkpoint => _record.Checkpoint;

    /// <summary>Where the files lie.</summary>
    public string FilesDirectory { get; }

    /// <summary>Begins a receipt.</summary>
    /// <param name="directory">Its directory; it must not exist.</param>
    /// <param name="checkpoint">What is received; it was checked.</param>
    /// <exception cref="StorageException">The disk is full or failed.</exception>
    public static FileReceipt Begin(string directory, CheckpointInfo checkpoint) => OnDisk(directory, () =>
    {
        Directory.CreateDirectory(FilesIn(directory));
        var record = new ReceiptRecord(checkpoint);
        for (int i = 0; i < checkpoint.Files.Count; i++)
        {
            if (checkpoint.Files[i].Length == 0)
            {
                File.Create(Path.Combine(FilesIn(directory), checkpoint.Files[i].Name)).Dispose();
                record.SetDone(i);
            }
        }

        return new FileReceipt(directory, record, new long[checkpoint.Files.Count]);
    });

    /// <summary>Goes on with a receipt that an earlier process has begun.</summary>
    /// <param name="directory">Its directory.</param>
    /// <returns>The receipt; null when there is none to go on with. What lies there is of no use then.</returns>
    /// <exception cref="StorageException">The disk is full or failed.</exception>
    public static FileReceipt? TryOpen(string directory) => OnDisk(directory, () =>
    {
        if (!File.Exists(JournalIn(directory))
            || !Directory.Exists(FilesIn(directory))
            || ReceiptRecord.Read(File.ReadAllText(JournalIn(directory))) is not { } record)
        {
            return null;
        }

        long[] lengths = new long[record.Checkpoint.Files.Count];
        for (int i = 0; i < lengths.Length; i++)
        {
            CheckpointFile file = record.Checkpoint.Files[i];
            lengths[i] = record.IsComplete ? file.Length : Recover(Path.Combine(FilesIn(directory), file.Name), i, file, record);
        }

        return new FileReceipt(directory, record, lengths);
    });

    /// <inheritdoc/>
    public override long GetLength(int file) => _lengths[file];

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(int file, CheckpointPiece piece, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        CheckpointFile target = Checkpoint.Files[file];
        if (piece.Bytes.Length is 0 or > CheckpointInfo.MaxPieceBytes || piece.Bytes.Length > target.Length - _lengths[file])
        {
            throw StorageException.InvalidArgument(
                $"A piece of {piece.Bytes.Length} bytes was received for {target.Name}, of which {target.Length - _lengths[file]} bytes are missing; a piece has from 1 to {CheckpointInfo.MaxPieceBytes}.");
        }

        // The disk may take its time, and it is not the caller's. From here on nothing is cancelled: the next piece comes after this one.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (XxHash64.Hash(piece.Bytes.Span, seed: 0) != piece.Hash)
        {
            throw new StorageException(
                StorageErrorCode.Corrupt,
                $"A piece of {target.Name} from byte {_lengths[file]} on is not what was read at the source: its hash differs. Read it again.");
        }

        await OnDiskAsync(async () =>
        {
            while (_flushes.IsFirstReady || _flushes.Count > MostUnflushed)
            {
                await NoteFlushedAsync().ConfigureAwait(false);
            }

            Write(file, target, piece);
        }).ConfigureAwait(false);
    }

    /// <summary>Notes that all is there, before the files are opened and change.</summary>
    /// <returns>Completes when all is on the disk.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: something is missing. Others: the disk
    /// is full or failed.</exception>
    public async ValueTask CompleteAsync()
    {
        for (int i = 0; i < _lengths.Length; i++)
        {
            if (_lengths[i] < Checkpoint.Files[i].Length)
            {
                throw StorageException.InvalidArgument(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Of {Checkpoint.Files[i].Name} of the checkpoint {Checkpoint.Id} {_lengths[i]} of {Checkpoint.Files[i].Length} bytes were received. Receive the rest."));
            }
        }

        if (!_record.IsComplete)
        {
            await OnDiskAsync(async () =>
            {
                while (_flushes.Count > 0)
                {
                    await NoteFlushedAsync().ConfigureAwait(false);
                }

                DirectorySync.Sync(FilesDirectory);
                _journal.Append(ReceiptRecord.ToCompleteLine(), flushToDisk: true);
            }).ConfigureAwait(false);
            _record.IsComplete = true;
        }
    }

    /// <summary>Closes its files; what was received stays.</summary>
    public void Dispose()
    {
        _open?.Dispose();
        _flushes.Dispose();
        _journal.Dispose();
    }

    private static string JournalIn(string directory) => Path.Combine(directory, "journal");

    private static string FilesIn(string directory) => Path.Combine(directory, "files");

    /// <summary>Finds how much of a file can be believed, and cuts off the rest.</summary>
    private static long Recover(string path, int index, CheckpointFile file, ReceiptRecord record)
    {
        using SafeFileHandle handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        if (record.IsDone(index))
        {
            if (RandomAccess.GetLength(handle) == file.Length)
            {
                return file.Length;
            }

            record.Cut(index, pieces: 0);
        }

        long length = 0;
        int believed = 0;
        byte[] buffer = [];
        foreach ((int pieceLength, ulong hash) in record.GetPieces(index))
        {
            if (pieceLength is < 1 or > CheckpointInfo.MaxPieceBytes || pieceLength > file.Length - length)
            {
                break;
            }

            buffer = buffer.Length < pieceLength ? new byte[pieceLength] : buffer;
            Span<byte> piece = buffer.AsSpan(0, pieceLength);
            if (ReadFully(handle, piece, length) < pieceLength || XxHash64.Hash(piece, seed: 0) != hash)
            {
                break;
            }

            length += pieceLength;
            believed++;
        }

        record.Cut(index, believed);
        RandomAccess.SetLength(handle, length);
        if (length == file.Length)
        {
            RandomAccess.FlushToDisk(handle);
            record.SetDone(index);
        }

        return length;
    }

    private static int ReadFully(SafeFileHandle handle, Span<byte> buffer, long offset)
    {
        int read = 0;
        while (read < buffer.Length && RandomAccess.Read(handle, buffer[read..], offset + read) is > 0 and var count)
        {
            read += count;
        }

        return read;
    }

    private static T OnDisk<T>(string directory, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ToFailure(directory, e);
        }
    }

    private static StorageException ToFailure(string directory, Exception failure) => new(
        DiskSpace.IsFull(failure) ? StorageErrorCode.DiskFull : StorageErrorCode.IOError,
        $"What is received in {directory} could not be written or read: {failure.Message}",
        WriteOutcome.NotApplied,
        failure);

    private async Task OnDiskAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ToFailure(FilesDirectory, e);
        }
    }

    private async Task NoteFlushedAsync() =>
        _journal.Append(ReceiptRecord.ToDoneLine(await _flushes.TakeFirstAsync().ConfigureAwait(false)), flushToDisk: true);

    private void Write(int file, CheckpointFile target, CheckpointPiece piece)
    {
        if (_openFile != file)
        {
            _open?.Dispose();
            _openFile = -1;
            _open = File.OpenHandle(Path.Combine(FilesDirectory, target.Name), FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
            _openFile = file;
        }

        // In this order: the journal never speaks of what was not written. What a failed write has left is written over.
        RandomAccess.Write(_open!, piece.Bytes.Span, _lengths[file]);
        _journal.Append(ReceiptRecord.ToPieceLine(file, piece.Bytes.Length, piece.Hash), flushToDisk: false);
        _lengths[file] += piece.Bytes.Length;
        if (_lengths[file] == target.Length)
        {
            _flushes.Add(file, _open!);
            _open = null;
            _openFile = -1;
        }
    }
}
