namespace WsStorage.Benchmarks.Scenarios;

/// <summary>What was measured did not do what it should: its speed is of no interest.</summary>
/// <param name="message">What was wrong.</param>
internal sealed class WrongValueException(string message) : Exception(message);
