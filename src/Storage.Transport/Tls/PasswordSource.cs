namespace WsStorage.Transport.Tls;

/// <summary>
/// Where the password of a keystore or truststore comes from. It is read when it is needed and not kept, and
/// <see cref="ToString"/> tells the place, never the password. Thread-safe when the source behind it is.
/// </summary>
public sealed class PasswordSource
{
    private const int MaxFileBytes = 4096;

    private readonly string _description;
    private readonly Func<string> _read;

    private PasswordSource(string description, Func<string> read)
    {
        _description = description;
        _read = read;
    }

    /// <summary>No password: a store that is protected by file permissions alone.</summary>
    public static PasswordSource None { get; } = new("no password", static () => string.Empty);

    /// <summary>A password in hand.</summary>
    /// <param name="password">The password.</param>
    /// <returns>The source.</returns>
    public static PasswordSource FromText(string password) => new("a given password", () => password);

    /// <summary>A password in a UTF-8 file of at most 4 KiB. One line end at its end is no part of it.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The source; the file is read when the password is asked for.</returns>
    public static PasswordSource FromFile(string path) => new($"the password file {path}", () => ReadFile(path));

    /// <summary>A password in an environment variable.</summary>
    /// <param name="variable">The variable's name.</param>
    /// <returns>The source; the variable is read when the password is asked for.</returns>
    public static PasswordSource FromEnvironment(string variable) =>
        new($"the environment variable {variable}", () => Environment.GetEnvironmentVariable(variable)
            ?? throw new StorageException(
                StorageErrorCode.NotFound,
                $"The environment variable {variable} that should hold a store's password is not set; set it, or name a password file."));

    /// <summary>A password that is fetched elsewhere, such as from a prompt or a secret store.</summary>
    /// <param name="description">The place, as a message would name it, such as "the prompt".</param>
    /// <param name="read">Fetches it; called at each <see cref="Read"/>.</param>
    /// <returns>The source.</returns>
    public static PasswordSource FromDelegate(string description, Func<string> read) => new(description, read);

    /// <summary>Reads the password.</summary>
    /// <returns>The password, possibly empty.</returns>
    /// <exception cref="StorageException">
    /// <see cref="StorageErrorCode.NotFound"/> when the place does not exist, <see cref="StorageErrorCode.IOError"/> when
    /// it cannot be read, <see cref="StorageErrorCode.InvalidArgument"/> when what it holds is no password.
    /// </exception>
    public string Read() => _read();

    /// <summary>Names the place.</summary>
    /// <returns>The place; never the password.</returns>
    public override string ToString() => _description;

    private static string ReadFile(string path)
    {
        string text;
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > MaxFileBytes and var length })
            {
                throw StorageException.InvalidArgument(
                    $"The password file {path} has {length} bytes; a password has at most {MaxFileBytes}. Name the file that holds only the password.");
            }

            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new StorageException(
                StorageErrorCode.NotFound, $"The password file {path} does not exist.", innerException: e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(
                StorageErrorCode.IOError, $"The password file {path} cannot be read: {e.Message}", innerException: e);
        }

        return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
    }
}
