using System.IO.Pipelines;
using System.Text;
using WsStorage.Testing;
using WsStorage.Transport.Tls;

namespace WsStorage.Transport.Tests.Tls;

/// <summary>A refused client holds its connection no longer than it takes.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RefusalLingerTests
{
    private static readonly PeerVerification Refused = new(PeerRefusal.Untrusted, "CN=x", "why not");

    private readonly Pipe _fromClient = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly Pipe _toClient = new();

    [Test]
    [CancelAfter(30_000)]
    public async Task It_ends_when_the_client_closes(CancellationToken cancellationToken)
    {
        await _fromClient.Writer.WriteAsync("GET / HTTP/1.1"u8.ToArray(), cancellationToken);
        var duplex = new Duplex(_fromClient.Reader, _toClient.Writer);
        ValueTask sending = RefusalNotice.SendAsync(duplex, Refused, new ManualTimeProvider(), cancellationToken);
        ReadResult answer = await _toClient.Reader.ReadAsync(cancellationToken);
        Assert.That(Encoding.ASCII.GetString(answer.Buffer), Does.StartWith("HTTP/1.1 403 ").And.Contain("WsStorage-Refused: untrusted"));
        Assert.That(sending.IsCompleted, Is.False, "to close now could take the answer away");
        await _fromClient.Writer.CompleteAsync();
        await sending;
    }

    [Test]
    [CancelAfter(30_000)]
    public async Task It_ends_when_the_client_says_too_much(CancellationToken cancellationToken)
    {
        await _fromClient.Writer.WriteAsync(new byte[100_000], cancellationToken);
        await RefusalNotice.SendAsync(new Duplex(_fromClient.Reader, _toClient.Writer), Refused, cancellationToken: cancellationToken);
        Assert.That(cancellationToken.IsCancellationRequested, Is.False);
    }

    [Test]
    [CancelAfter(30_000)]
    public async Task It_ends_when_the_server_stops_or_time_is_up(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ValueTask sending = RefusalNotice.SendAsync(new Duplex(_fromClient.Reader, _toClient.Writer), Refused, cancellationToken: stop.Token);
        await stop.CancelAsync();
        await sending;

        using var silent = new Duplex(new Pipe().Reader, new Pipe().Writer);
        await RefusalNotice.SendAsync(silent, Refused, new HastyTime(), cancellationToken);
        Assert.That(cancellationToken.IsCancellationRequested, Is.False);
    }

    /// <summary>A clock whose every timer is due at once.</summary>
    private sealed class HastyTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe, IDisposable
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;

        public void Dispose()
        {
            input.Complete();
            output.Complete();
        }
    }
}
