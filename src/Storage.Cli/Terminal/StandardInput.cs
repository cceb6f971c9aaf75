namespace WsStorage.Cli.Terminal;

/// <summary>
/// Stdin, whose reads end when they are cancelled. The system's own go on until there is something to read, which on a
/// terminal or a quiet pipe may be never.
/// </summary>
internal sealed class StandardInput(Stream source) : Stream
{
    private const int BufferBytes = 64 * 1024;

    // Not the reader's memory: a read that is given up may still fill it when that has gone to somebody else.
    private readonly byte[] _buffer = new byte[BufferBytes];
    private Task<int>? _reading;
    private ReadOnlyMemory<byte> _rest;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public static StandardInput Open() => new(Console.OpenStandardInput());

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_rest.IsEmpty)
        {
            _reading ??= Task.Run(() => source.Read(_buffer), CancellationToken.None);
            int read = await _reading.WaitAsync(cancellationToken);
            _reading = null;
            _rest = _buffer.AsMemory(0, read);
        }

        int taken = Math.Min(buffer.Length, _rest.Length);
        _rest[..taken].CopyTo(buffer);
        _rest = _rest[taken..];
        return taken;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("Read it asynchronously: that can be cancelled.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }
}
