using System.Text;
using Microsoft.Win32.SafeHandles;

namespace WsStorage.RocksDb.Receipts;

/// <summary>The file that says how far a receipt is; the form of it is <see cref="ReceiptRecord"/>'s. Lines are added to it.</summary>
internal sealed class ReceiptJournal : IDisposable
{
    private readonly SafeFileHandle _file;
    private long _length;
    private bool _isTorn;

    /// <summary>Writes a journal in the place of the one that is there: durably and in one step.</summary>
    /// <param name="path">Where.</param>
    /// <param name="record">What it says at first.</param>
    /// <exception cref="IOException">It could not be written; the one that is there stays.</exception>
    public ReceiptJournal(string path, ReceiptRecord record)
    {
        byte[] text = Encoding.ASCII.GetBytes(record.Write());
        string next = path + ".tmp";
        using (FileStream file = File.Create(next))
        {
            file.Write(text);
            file.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
        _file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.Read);
        _length = text.Length;
    }

    /// <summary>Adds a line.</summary>
    /// <param name="line">The line, with its end.</param>
    /// <param name="flushToDisk">Whether it is to be on the disk, with all before it.</param>
    public void Append(string line, bool flushToDisk)
    {
        if (_isTorn)
        {
            RandomAccess.SetLength(_file, _length);
        }

        byte[] text = Encoding.ASCII.GetBytes(line);
        _isTorn = true;
        RandomAccess.Write(_file, text, _length);
        _length += text.Length;
        _isTorn = false;
        if (flushToDisk)
        {
            RandomAccess.FlushToDisk(_file);
        }
    }

    public void Dispose() => _file.Dispose();
}
