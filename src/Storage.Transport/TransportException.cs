namespace WsStorage.Transport;

/// <summary>A connection is lost. Seen by those who hold a transport; a storage turns it into a
/// <see cref="StorageException"/>, because only it knows what was outstanding.</summary>
/// <param name="message">What happened.</param>
/// <param name="innerException">What lies behind it.</param>
public sealed class TransportException(string message, Exception? innerException = null) : IOException(message, innerException);
