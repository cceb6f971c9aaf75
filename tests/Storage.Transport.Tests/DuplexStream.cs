using System.IO.Pipelines;

namespace WsStorage.Transport.Tests;

/// <summary>Two ends of a byte stream in memory, to put WebSockets on.</summary>
internal sealed class DuplexStream : Stream
{
    private readonly PipeReader _reader;
    private readonly Stream _in;
    private readonly Stream _out;

    private DuplexStream(PipeReader reader, PipeWriter writer)
    {
        _reader = reader;
        _in = reader.AsStream();
        _out = writer.AsStream();
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException("A stream of a connection has no length.");

    public override long Position
    {
        get => throw new NotSupportedException("A stream of a connection has no position.");
        set => throw new NotSupportedException("A stream of a connection has no position.");
    }

    public static (Stream Left, Stream Right) CreatePair()
    {
        // A writer never waits for its reader: a test says first what is said, then what is read.
        var options = new PipeOptions(pauseWriterThreshold: 0);
        var toLeft = new Pipe(options);
        var toRight = new Pipe(options);
        return (new DuplexStream(toLeft.Reader, toRight.Writer), new DuplexStream(toRight.Reader, toLeft.Writer));
    }

    public override int Read(byte[] buffer, int offset, int count) => _in.Read(buffer, offset, count);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _in.ReadAsync(buffer, cancellationToken);

    public override void Write(byte[] buffer, int offset, int count) => _out.Write(buffer, offset, count);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _out.WriteAsync(buffer, cancellationToken);

    public override void Flush() => _out.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => _out.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("A stream of a connection can't seek.");

    public override void SetLength(long value) => throw new NotSupportedException("A stream of a connection has no length.");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // As a socket does: what is outstanding ends.
            _reader.CancelPendingRead();
            _out.Dispose();
        }

        base.Dispose(disposing);
    }
}
