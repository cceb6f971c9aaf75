using Microsoft.Extensions.Logging;
using WsStorage.Transport;
using WsStorage.WsClient.Watches;

namespace WsStorage.WsClient;

/// <summary>Makes a connection: tries one URL after the other, and says why none led anywhere.</summary>
/// <param name="options">Where to and how.</param>
/// <param name="clientId">Which client this is.</param>
/// <param name="connector">Connects to one URL.</param>
/// <param name="queue">Gets the replies.</param>
/// <param name="watches">Gets what is told to watches.</param>
internal sealed class ConnectionOpener(
    WsStorageClientOptions options,
    Guid clientId,
    Func<Uri, CancellationToken, ValueTask<IMessageTransport>> connector,
    RequestQueue queue,
    WatchRegistry watches)
{
    private readonly ILogger _logger = options.LoggerFactory.CreateLogger<WsStorageClient>();

    public Guid ClientId { get; } = clientId;

    /// <summary>Tries to connect, once at each URL. Never throws.</summary>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection, its hello answered; or why there is none.</returns>
    public async Task<(ClientConnection? Connection, StorageException? Failure)> OpenAsync(CancellationToken cancellationToken)
    {
        List<(Uri Url, StorageException Failure)> failures = [];
        foreach (Uri url in options.AllUrls)
        {
            if (failures is [.., var before])
            {
                Log.FallingBack(_logger, before.Url, url, before.Failure.Message);
            }

            try
            {
                ClientConnection connection = await OpenAsync(url, cancellationToken).ConfigureAwait(false);
                Log.Connected(_logger, url, connection.ServerName, connection.Position.Revision);
                return (connection, null);
            }
            catch (Exception exception)
            {
                failures.Add((url, Explain(url, exception)));
            }

            if (cancellationToken.IsCancellationRequested)
            {
                break;
            }
        }

        return (null, Combine(failures));
    }

    /// <summary>Whether a reason to have no connection won't go away by waiting.</summary>
    /// <param name="reason">The reason.</param>
    /// <returns>Whether it will stay.</returns>
    public static bool IsLasting(StorageException reason) => reason.Code is StorageErrorCode.AuthenticationFailed
        or StorageErrorCode.UnsupportedVersion or StorageErrorCode.InvalidArgument;

    private static StorageException Combine(List<(Uri Url, StorageException Failure)> failures)
    {
        if (failures is [(_, var only)])
        {
            return only;
        }

        // If one of them may pass, waiting is worth while.
        StorageException telling = failures.Select(each => each.Failure).OrderBy(IsLasting).First();
        return new StorageException(
            telling.Code, string.Join(' ', failures.Select(each => $"{each.Url}: {each.Failure.Message}")), WriteOutcome.NotApplied, telling);
    }

    private async Task<ClientConnection> OpenAsync(Uri url, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            IMessageTransport transport = await connector(url, ending.Token).ConfigureAwait(false);
            return await ClientConnection.OpenAsync(transport, url, ClientId, queue, watches, options, ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new StorageException(
                StorageErrorCode.ConnectFailed,
                $"{url} could not be reached within {options.ConnectTimeout}.",
                WriteOutcome.NotApplied,
                exception);
        }
    }

    private static StorageException Explain(Uri url, Exception exception) =>
        exception as StorageException ?? new StorageException(
            StorageErrorCode.ConnectFailed, $"{url} could not be reached: {exception.Message}", WriteOutcome.NotApplied, exception);
}
