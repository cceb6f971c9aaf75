using System.CommandLine;
using Microsoft.Extensions.Logging;
using WsStorage.Cli.Terminal;
using WsStorage.Transport.Tls;
using WsStorage.WsClient;

namespace WsStorage.Cli.Stores;

/// <summary>The options that say which store a verb works on, and the way from them to an open one.</summary>
/// <param name="servedOnly">Whether the verb works on served stores only.</param>
internal sealed class StoreOptions(bool servedOnly = false)
{
    // What the timers of the framework take; nothing waits that long.
    private static readonly TimeSpan Endless = TimeSpan.FromDays(24);

    private readonly Option<Uri?> _url = UrlOption.Create("--url", "The served store: wss://HOST[:PORT]/PATH.");

    private readonly Option<string?> _data = new("--data")
    {
        Description = "The directory of a store on this machine.",
        HelpName = "DIR",
    };

    private readonly TlsOptions _tls = new(CertificatePurposes.Client);

    public void AddTo(Command command)
    {
        command.Add(_url);
        if (!servedOnly)
        {
            command.Add(_data);
        }

        _tls.AddTo(command);
    }

    /// <summary>Whether the command line or the environment names a store.</summary>
    public bool IsGiven(ParseResult parsed) => Choose(parsed) is not (null, null);

    /// <summary>Opens the store that is meant; a served one is connected to.</summary>
    public async ValueTask<IStorage> OpenAsync(ParseResult parsed, StoreAccess access, CancellationToken cancellationToken) =>
        Choose(parsed) switch
        {
            ({ } url, null) => await WsStorageClient.ConnectAsync(GetOptions(parsed, url), cancellationToken),
            (null, { } data) => Engines.OpenDirectory(data, access, Durability.Synced, Logging.Create(parsed)),
            _ => throw NoneGiven(),
        };

    /// <summary>
    /// Opens the store that is meant, for a verb that goes on: a served one is connected to when it can be, now and after each
    /// loss, however long that takes, and stderr tells of it unless it is to be quiet.
    /// </summary>
    public IStorage OpenPatiently(ParseResult parsed, StoreAccess access, bool quiet = false) => Choose(parsed) switch
    {
        ({ } url, null) => ConnectPatiently(parsed, url, quiet),
        (null, { } data) => Engines.OpenDirectory(data, access, Durability.Synced, Logging.Create(parsed)),
        _ => throw NoneGiven(),
    };

    /// <summary>Connects to the served store that is meant.</summary>
    public ValueTask<WsStorageClient> ConnectAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        WsStorageClient.ConnectAsync(GetOptions(parsed, GetUrl(parsed)), cancellationToken);

    /// <summary>Makes a client of the served store that is meant, for a replica: it connects by itself, again and again, and stderr
    /// tells of it.</summary>
    public WsStorageClient CreateSource(ParseResult parsed)
    {
        var client = new WsStorageClient(GetOptions(parsed, GetUrl(parsed)));
        ConnectionTeller.TellOf(client);
        return client;
    }

    /// <summary>As <see cref="OpenPatiently"/>, of a served store.</summary>
    public WsStorageClient ConnectPatiently(ParseResult parsed) => ConnectPatiently(parsed, GetUrl(parsed), quiet: false);

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

    private (Uri? Url, string? Data) Choose(ParseResult parsed)
    {
        Uri? url = parsed.GetValue(_url);
        string? data = servedOnly ? null : parsed.GetValue(_data);
        if (url is null && data is null)
        {
            url = EnvironmentVariables.Get(EnvironmentVariables.Url) is { } text ? ParseVariable(text) : null;
            data = servedOnly ? null : EnvironmentVariables.Get(EnvironmentVariables.Data);
        }

        return url is null || data is null
            ? (url, data)
            : throw new UsageException($"--url {url} and --data {data} name two stores; give one of them.");
    }

    private static Uri ParseVariable(string text) => Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
        ? url
        : throw new UsageException($"{EnvironmentVariables.Url} is '{text}', which is no URL; write wss://HOST[:PORT]/PATH.");

    private Uri GetUrl(ParseResult parsed) => Choose(parsed).Url ?? throw NoneGiven();

    private UsageException NoneGiven() => new(servedOnly
        ? $"Which store? Give --url wss://HOST[:PORT]/PATH (or set {EnvironmentVariables.Url})."
        : $"Which store? Give --url wss://HOST[:PORT]/PATH for a served one, or --data DIR for one on this machine (or set {EnvironmentVariables.Url} or {EnvironmentVariables.Data}).");

    private WsStorageClient ConnectPatiently(ParseResult parsed, Uri url, bool quiet)
    {
        var client = new WsStorageClient(GetOptions(parsed, url) with { OperationTimeout = Endless });
        if (!quiet)
        {
            ConnectionTeller.TellOf(client);
        }

        return client;
    }

    private WsStorageClientOptions GetOptions(ParseResult parsed, Uri url)
    {
        UrlOption.CheckScheme(url);
        ILoggerFactory logging = Logging.Create(parsed);
        return new WsStorageClientOptions { Url = url, Tls = _tls.Load(parsed), Name = "wsstorage", LoggerFactory = logging };
    }
}
