using System.CommandLine;
using Microsoft.Extensions.Logging;
using WsStorage.Cli.Terminal;
using WsStorage.Transport.Tls;
using WsStorage.WsClient;

namespace WsStorage.Cli.Stores;

/// <summary>The options that say which store a verb works on, and the way from them to an open one.</summary>
internal sealed class StoreOptions
{
    private readonly Option<Uri?> _url = new("--url")
    {
        Description = "The served store: wss://HOST[:PORT]/PATH.",
        HelpName = "URL",
        CustomParser = result => Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out Uri? url)
            ? url
            : Refuse(result, $"The URL '{result.Tokens[0].Value}' is none; write wss://HOST[:PORT]/PATH."),
    };

    private readonly Option<string?> _data = new("--data")
    {
        Description = "The directory of a store on this machine.",
        HelpName = "DIR",
    };

    private readonly TlsOptions _tls = new(CertificatePurposes.Client);

    public void AddTo(Command command)
    {
        command.Add(_url);
        command.Add(_data);
        _tls.AddTo(command);
    }

    /// <summary>Whether the command line or the environment names a store.</summary>
    public bool IsGiven(ParseResult parsed) => Choose(parsed) is not (null, null);

    /// <summary>Opens the store that is meant; a served one is connected to.</summary>
    public async ValueTask<IStorage> OpenAsync(ParseResult parsed, StoreAccess access, CancellationToken cancellationToken)
    {
        switch (Choose(parsed))
        {
            case ({ } url, null):
                return await ConnectAsync(parsed, url, cancellationToken);
            case (null, { } data):
                return Engines.OpenDirectory(data, access, Durability.Synced, Logging.Create(parsed));
            default:
                throw new UsageException(
                    $"Which store? Give --url wss://HOST[:PORT]/PATH for a served one, or --data DIR for one on this machine (or set {EnvironmentVariables.Url} or {EnvironmentVariables.Data}).");
        }
    }

    /// <summary>Opens the store that is meant over several connections; a local one has but one.</summary>
    public async ValueTask<IReadOnlyList<IStorage>> OpenManyAsync(ParseResult parsed, int count, CancellationToken cancellationToken)
    {
        IStorage first = await OpenAsync(parsed, StoreAccess.Create, cancellationToken);
        var all = new List<IStorage> { first };
        while (first is WsStorageClient && all.Count < count)
        {
            all.Add(await OpenAsync(parsed, StoreAccess.Create, cancellationToken));
        }

        return all;
    }

    private static Uri? Refuse(System.CommandLine.Parsing.ArgumentResult result, string message)
    {
        result.AddError(message);
        return null;
    }

    private (Uri? Url, string? Data) Choose(ParseResult parsed)
    {
        Uri? url = parsed.GetValue(_url);
        string? data = parsed.GetValue(_data);
        if (url is null && data is null)
        {
            url = EnvironmentVariables.Get(EnvironmentVariables.Url) is { } text ? ParseVariable(text) : null;
            data = EnvironmentVariables.Get(EnvironmentVariables.Data);
        }

        return url is null || data is null
            ? (url, data)
            : throw new UsageException($"--url {url} and --data {data} name two stores; give one of them.");
    }

    private static Uri ParseVariable(string text) => Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
        ? url
        : throw new UsageException($"{EnvironmentVariables.Url} is '{text}', which is no URL; write wss://HOST[:PORT]/PATH.");

    private ValueTask<WsStorageClient> ConnectAsync(ParseResult parsed, Uri url, CancellationToken cancellationToken)
    {
        // The scheme is checked before the certificates: who mistypes a URL should not be told of keystores.
        if (!url.Scheme.Equals(Uri.UriSchemeWss, StringComparison.Ordinal))
        {
            throw new UsageException($"The URL of the store is '{url}'; it must begin with wss://.");
        }

        ILoggerFactory logging = Logging.Create(parsed);
        return WsStorageClient.ConnectAsync(
            new WsStorageClientOptions { Url = url, Tls = _tls.Load(parsed), Name = "wsstorage", LoggerFactory = logging }, cancellationToken);
    }
}
