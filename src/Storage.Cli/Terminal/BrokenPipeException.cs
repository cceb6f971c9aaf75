namespace WsStorage.Cli.Terminal;

/// <summary>Nobody reads our output any more, as after <c>| head</c>.</summary>
internal sealed class BrokenPipeException(IOException cause) : IOException(cause.Message, cause);
