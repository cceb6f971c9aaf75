using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace WsStorage.Transport.Tls;

/// <summary>
/// How a server tells a client why its certificate was refused, where TLS can't: .NET's <c>SslStream</c> on Linux sends no
/// alert when a certificate is refused, it just closes. So the server ends the handshake, reads nothing of what the client
/// says, sends one fixed HTTP/1.1 answer, 403 with the reason in a header, and closes: as much as an alert would tell.
/// The connection must speak HTTP/1.1, as one for WebSockets does.
/// </summary>
public static class RefusalNotice
{
    /// <summary>The header whose value is a <see cref="PeerRefusal"/> in lower case.</summary>
    public const string HeaderName = "WsStorage-Refused";

    private const int MaxDiscardedBytes = 64 * 1024;

    /// <summary>How long a refused client has to take the answer and close: two seconds.</summary>
    public static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Sends the answer, then discards what the client sends until it closes, at most <see cref="Linger"/> and 64 KiB: to
    /// close with unread bytes would reset the connection and could take the answer away.
    /// </summary>
    /// <param name="connection">The connection above TLS. Not completed; to be closed by the caller.</param>
    /// <param name="verification">The refusal.</param>
    /// <param name="time">The clock for the wait. Default: the system's.</param>
    /// <param name="cancellationToken">Ends the wait, as when the server stops.</param>
    /// <returns>When the connection can be closed. A client that is gone already is no error.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: the client was accepted.</exception>
    public static async ValueTask SendAsync(
        IDuplexPipe connection, PeerVerification verification, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        byte[] answer = ToHttpResponse(verification);
        using var deadline = new CancellationTokenSource(Linger, time ?? TimeProvider.System);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await connection.Output.WriteAsync(answer, stop.Token).ConfigureAwait(false);
            await DiscardAsync(connection.Input, stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client took too long or is gone; either way there is nobody left to tell.
        }
    }

    /// <summary>The bytes of the answer.</summary>
    /// <param name="verification">The refusal.</param>
    /// <returns>A whole HTTP/1.1 response.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: the client was accepted.</exception>
    public static byte[] ToHttpResponse(PeerVerification verification)
    {
        if (verification.IsAccepted)
        {
            throw StorageException.InvalidArgument("A client whose certificate was accepted gets no refusal notice.");
        }

        byte[] body = Encoding.UTF8.GetBytes($"The client certificate was refused: {verification.Detail}.\n");
        string head = $"""
            HTTP/1.1 403 Forbidden
            Connection: close
            {HeaderName}: {verification.Refusal.ToString().ToLowerInvariant()}
            Content-Type: text/plain; charset=utf-8
            Content-Length: {body.Length}


            """.ReplaceLineEndings("\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    /// <summary>Reads the header's value.</summary>
    /// <param name="headerValue">The value, or <see langword="null"/> when there is no such header.</param>
    /// <returns>The refusal, or <see cref="PeerRefusal.None"/> when there is none or this version does not know it.</returns>
    public static PeerRefusal Parse(string? headerValue)
    {
        foreach (PeerRefusal refusal in Enum.GetValues<PeerRefusal>())
        {
            if (refusal.ToString().Equals(headerValue, StringComparison.OrdinalIgnoreCase))
            {
                return refusal;
            }
        }

        return PeerRefusal.None;
    }

    private static async ValueTask DiscardAsync(PipeReader input, CancellationToken cancellationToken)
    {
        long discarded = 0;
        while (discarded <= MaxDiscardedBytes)
        {
            ReadResult read = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            discarded += read.Buffer.Length;
            input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted || read.IsCanceled)
            {
                return;
            }
        }
    }
}
