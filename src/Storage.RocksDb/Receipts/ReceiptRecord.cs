using System.Globalization;
using System.Text;

namespace WsStorage.RocksDb.Receipts;

/// <summary>
/// What the journal of a receipt says. It is text, a line for each thing; a last line without its end does not count, nor does
/// anything from the first line on that makes no sense.
/// </summary>
/// <remarks>
/// <code>
/// wsstorage receipt 1
/// checkpoint {id}
/// format {format}
/// position {epoch}/{revision}/{hash}
/// files {count}
/// file {length} {name}           for each
/// piece {file} {length} {hash}   follows what is written of the file, which is counted from 0
/// done {file}                    all of it is written, and on the disk
/// complete                       all files are, and may have been opened
/// </code>
/// </remarks>
internal sealed class ReceiptRecord
{
    private const string FirstLine = "wsstorage receipt 1";

    private readonly List<(int Length, ulong Hash)>?[] _pieces;
    private readonly bool[] _done;

    /// <summary>Begins the record of a receipt of which nothing is there.</summary>
    public ReceiptRecord(CheckpointInfo checkpoint)
    {
        Checkpoint = checkpoint;
        _pieces = new List<(int, ulong)>?[checkpoint.Files.Count];
        _done = new bool[checkpoint.Files.Count];
    }

    /// <summary>What is received.</summary>
    public CheckpointInfo Checkpoint { get; }

    /// <summary>Whether all of it was there: then the files may have changed since, as those of a store do.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Reads a journal.</summary>
    /// <param name="text">All of it.</param>
    /// <returns>What it says; null when it does not even say what is received.</returns>
    public static ReceiptRecord? Read(string text)
    {
        string[] lines = text.Split('\n');
        int next = 0;
        if (ReadHeader(lines, ref next) is not { } checkpoint)
        {
            return null;
        }

        // What follows the last end of a line is not a line.
        var record = new ReceiptRecord(checkpoint);
        while (next < lines.Length - 1 && record.TryAdd(lines[next]))
        {
            next++;
        }

        return record;
    }

    /// <summary>The line of a piece.</summary>
    public static string ToPieceLine(int file, int length, ulong hash) =>
        string.Create(CultureInfo.InvariantCulture, $"piece {file} {length} {hash:x16}\n");

    /// <summary>The line of a file all of which is there.</summary>
    public static string ToDoneLine(int file) => string.Create(CultureInfo.InvariantCulture, $"done {file}\n");

    /// <summary>The line that says that all is there.</summary>
    public static string ToCompleteLine() => "complete\n";

    /// <summary>Whether all of a file is there and on the disk.</summary>
    public bool IsDone(int file) => _done[file];

    /// <summary>The pieces of a file that is not.</summary>
    public IReadOnlyList<(int Length, ulong Hash)> GetPieces(int file) => _pieces[file] ?? [];

    /// <summary>Takes a file for complete.</summary>
    public void SetDone(int file)
    {
        _done[file] = true;
        _pieces[file] = null;
    }

    /// <summary>Leaves of a file only its first pieces, though it was taken for complete.</summary>
    public void Cut(int file, int pieces)
    {
        _done[file] = false;
        _pieces[file]?.RemoveRange(pieces, _pieces[file]!.Count - pieces);
    }

    /// <summary>The text of a journal that says the same.</summary>
    public string Write()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{FirstLine}\ncheckpoint {Checkpoint.Id:D}\nformat {Checkpoint.Format}\nposition {Checkpoint.Position}\nfiles {Checkpoint.Files.Count}\n");
        foreach (CheckpointFile file in Checkpoint.Files)
        {
            text.Append(CultureInfo.InvariantCulture, $"file {file.Length} {file.Name}\n");
        }

        for (int file = 0; file < _done.Length; file++)
        {
            if (_done[file])
            {
                text.Append(ToDoneLine(file));
            }

            foreach ((int length, ulong hash) in GetPieces(file))
            {
                text.Append(ToPieceLine(file, length, hash));
            }
        }

        if (IsComplete)
        {
            text.Append(ToCompleteLine());
        }

        return text.ToString();
    }

    private static CheckpointInfo? ReadHeader(string[] lines, ref int next)
    {
        const int linesBeforeFiles = 5;
        if (lines.Length <= linesBeforeFiles
            || !string.Equals(lines[0], FirstLine, StringComparison.Ordinal)
            || !Guid.TryParseExact(After("checkpoint ", lines[1]), "D", out Guid id)
            || After("format ", lines[2]) is not { } format
            || !Position.TryParse(After("position ", lines[3]), out Position position)
            || !TryParse(After("files ", lines[4]), out int count)
            || count < 1 || count > lines.Length - linesBeforeFiles - 1)
        {
            return null;
        }

        var files = new CheckpointFile[count];
        for (int i = 0; i < count; i++)
        {
            string[] words = lines[linesBeforeFiles + i].Split(' ');
            if (words is not ["file", _, _] || !long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out long length))
            {
                return null;
            }

            files[i] = new CheckpointFile(words[2], length);
        }

        next = linesBeforeFiles + count;
        return new CheckpointInfo { Id = id, Format = format, Position = position, Files = files };
    }

    private static string? After(string word, string line) =>
        line.StartsWith(word, StringComparison.Ordinal) ? line[word.Length..] : null;

    private static bool TryParse(string? text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private bool TryAdd(string line)
    {
        string[] words = line.Split(' ');
        int file = 0;
        if (words.Length > 1 && (!TryParse(words[1], out file) || file >= _done.Length))
        {
            return false;
        }

        switch (words)
        {
            case ["piece", _, _, { Length: 16 }] when TryParse(words[2], out int length)
                && ulong.TryParse(words[3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong hash):
                (_pieces[file] ??= []).Add((length, hash));
                return true;
            case ["done", _]:
                SetDone(file);
                return true;
            case ["complete"]:
                IsComplete = true;
                return true;
            default:
                return false;
        }
    }
}
