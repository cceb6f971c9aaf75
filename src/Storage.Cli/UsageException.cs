namespace WsStorage.Cli;

/// <summary>The command line, or what was to be read, makes no sense.</summary>
/// <param name="message">One sentence that names the thing and the remedy.</param>
internal sealed class UsageException(string message) : Exception(message);
