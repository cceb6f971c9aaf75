using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace WsStorage.WsClient.Tests;

/// <summary>Keeps what is logged.</summary>
internal sealed class RecordingLogger : ILoggerFactory, ILogger
{
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    public ConcurrentQueue<string> Lines { get; } = new();

    public async Task WaitForAsync(string part)
    {
        while (!(await _lines.Reader.ReadAsync().Soon()).Contains(part, StringComparison.Ordinal))
        {
            // Others come before it.
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        string line = formatter(state, exception);
        Lines.Enqueue(line);
        _lines.Writer.TryWrite(line);
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }
}
