namespace WsStorage.Cli.Transfer;

/// <summary>What is imported is not in its format.</summary>
/// <param name="message">One sentence that says where, what, and what was applied.</param>
internal sealed class MalformedInputException(string message) : Exception(message);
