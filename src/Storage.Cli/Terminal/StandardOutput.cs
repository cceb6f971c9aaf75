using System.Text;
using Microsoft.Win32.SafeHandles;

namespace WsStorage.Cli.Terminal;

/// <summary>
/// The bytes of stdout, buffered until <see cref="FlushAsync"/>. When the reader of a pipe has gone, writing ends with
/// <see cref="BrokenPipeException"/>.
/// </summary>
internal sealed class StandardOutput : IAsyncDisposable
{
    private const int BrokenPipe = 32;
    private const int FlushBytes = 64 * 1024;

    private readonly Stream _stream = Open();
    private readonly MemoryStream _buffer = new();

    public static bool IsTerminal => !Console.IsOutputRedirected;

    /// <summary>What is to be written next; not more than some pages before a flush.</summary>
    public MemoryStream Buffer => _buffer;

    public void Write(ReadOnlySpan<byte> bytes) => _buffer.Write(bytes);

    public void WriteLine(string text)
    {
        _buffer.Write(Encoding.UTF8.GetBytes(text));
        _buffer.WriteByte((byte)'\n');
    }

    /// <summary>Writes out what waits, if it has become much.</summary>
    public ValueTask FlushIfFullAsync() => _buffer.Length < FlushBytes ? ValueTask.CompletedTask : FlushAsync();

    public async ValueTask FlushAsync()
    {
        try
        {
            await _stream.WriteAsync(_buffer.GetBuffer().AsMemory(0, (int)_buffer.Length));
            await _stream.FlushAsync();
        }
        catch (IOException exception) when ((exception.HResult & 0xFFFF) == BrokenPipe)
        {
            throw new BrokenPipeException(exception);
        }

        _buffer.SetLength(0);
    }

    public async ValueTask DisposeAsync() => await _stream.DisposeAsync();

    private static Stream Open()
    {
        if (!OperatingSystem.IsWindows() && Console.IsOutputRedirected)
        {
            // The console's own stream swallows the news of a broken pipe; a FileStream keeps an offset of its own and so
            // must not be used on a file, which the next program in a script goes on writing.
            var pipe = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!pipe.CanSeek)
            {
                return pipe;
            }
        }

        return Console.OpenStandardOutput();
    }
}
