using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using WsStorage.Core.Copies;

namespace WsStorage.Replica.Tests;

/// <summary>Keeps what was logged as errors.</summary>
internal sealed class RecordingLoggerFactory : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> _errors = new();

    public IReadOnlyCollection<string> Errors => _errors;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel == LogLevel.Error)
        {
            _errors.Enqueue(formatter(state, exception));
        }
    }

    public void Dispose()
    {
    }
}

/// <summary>Hears of each status at once.</summary>
internal sealed class Reports(Action<ReplicaStatus> hear) : IProgress<ReplicaStatus>
{
    public void Report(ReplicaStatus value) => hear(value);
}

/// <summary>An empty storage at a position of the test's choice.</summary>
internal sealed class InMemoryCopyOf : IAsyncDisposable
{
    private readonly InMemoryCopyStore _copies = new();

    public InMemoryCopyOf(Position position)
    {
        ICopy copy = _copies.BeginAsync([], position).AsTask().GetAwaiter().GetResult();
        copy.LoadAsync(default, copy.State.Load! with { IsComplete = true }).AsTask().GetAwaiter().GetResult();
        Storage = copy;
    }

    public IStorage Storage { get; }

    public ValueTask DisposeAsync() => _copies.DisposeAsync();
}
