using System.CommandLine;

namespace WsStorage.Cli.Stores;

/// <summary>Makes options that take the URL of a served store.</summary>
internal static class UrlOption
{
    public static Option<Uri?> Create(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "URL",
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out Uri? url))
            {
                return url;
            }

            result.AddError($"The URL '{result.Tokens[0].Value}' is none; write wss://HOST[:PORT]/PATH.");
            return null;
        },
    };

    /// <summary>Refuses what no store can be served at. The scheme is checked before the certificates: who mistypes a URL should not
    /// be told of keystores.</summary>
    public static void CheckScheme(Uri url)
    {
        if (!url.Scheme.Equals(Uri.UriSchemeWss, StringComparison.Ordinal))
        {
            throw new UsageException($"The URL of the store is '{url}'; it must begin with wss://.");
        }
    }
}
