using System.CommandLine;
using Spectre.Console;
using WsStorage.Cli.Terminal;
using WsStorage.Transport.Tls;

namespace WsStorage.Cli.Stores;

/// <summary>
/// Where passwords come from: a file, the command line, the environment, the file that lies beside the stores, or a prompt,
/// the first that is there.
/// </summary>
internal sealed class PasswordOptions
{
    private readonly Option<string?> _file = new("--password-file")
    {
        Description = "The file that holds the password of keystore and truststore.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _text = new("--password")
    {
        Description = "Their password itself. Other users of this machine can see it: prefer a file, the environment or the prompt.",
        HelpName = "TEXT",
    };

    private readonly Option<string?> _truststoreFile = new("--truststore-password-file")
    {
        Description = "The file that holds the truststore's password, where it differs.",
        HelpName = "FILE",
    };

    private string? _prompted;

    public void AddTo(Command command, bool truststore = true)
    {
        command.Add(_file);
        command.Add(_text);
        if (truststore)
        {
            command.Add(_truststoreFile);
        }
    }

    public PasswordSource ForTruststore(ParseResult parsed, string path)
    {
        if (parsed.GetValue(_truststoreFile) is { } file)
        {
            return PasswordSource.FromFile(file);
        }

        if (EnvironmentVariables.Get(EnvironmentVariables.TruststorePasswordFile) is { } variableFile)
        {
            return PasswordSource.FromFile(variableFile);
        }

        return EnvironmentVariables.Get(EnvironmentVariables.TruststorePassword) is null
            ? ForKeystore(parsed, path)
            : PasswordSource.FromEnvironment(EnvironmentVariables.TruststorePassword);
    }

    public PasswordSource ForKeystore(ParseResult parsed, string path)
    {
        if (parsed.GetValue(_file) is { } file)
        {
            return PasswordSource.FromFile(file);
        }

        if (parsed.GetValue(_text) is { } text)
        {
            return PasswordSource.FromText(text);
        }

        if (EnvironmentVariables.Get(EnvironmentVariables.PasswordFile) is { } variableFile)
        {
            return PasswordSource.FromFile(variableFile);
        }

        if (EnvironmentVariables.Get(EnvironmentVariables.Password) is not null)
        {
            return PasswordSource.FromEnvironment(EnvironmentVariables.Password);
        }

        string beside = new CertificateSet(Path.GetDirectoryName(Path.GetFullPath(path))!).PasswordFile;
        return File.Exists(beside) ? PasswordSource.FromFile(beside) : PasswordSource.FromDelegate("the prompt", () => Prompt(path));
    }

    private string Prompt(string path)
    {
        if (Console.IsInputRedirected || Console.IsErrorRedirected)
        {
            throw new UsageException(
                $"No password for {path} is given: name a file with --password-file, or set {EnvironmentVariables.Password}.");
        }

        // Both stores of one run have the same password, unless options say otherwise: ask once.
        return _prompted ??= Ask(path);
    }

    private static string Ask(string path)
    {
        Interruption.EndsAtOnce = true;
        try
        {
            return ErrorConsole.Instance.Prompt(
                new TextPrompt<string>($"Password of {Markup.Escape(path)}:").AllowEmpty().Secret(mask: null));
        }
        finally
        {
            Interruption.EndsAtOnce = false;
        }
    }
}
