namespace WsStorage.Cli.Stores;

/// <summary>The environment variables that stand in for options. The help of the program lists them.</summary>
internal static class EnvironmentVariables
{
    public const string Url = "WSSTORAGE_URL";
    public const string Data = "WSSTORAGE_DATA";
    public const string Certs = "WSSTORAGE_CERTS";
    public const string Keystore = "WSSTORAGE_KEYSTORE";
    public const string Truststore = "WSSTORAGE_TRUSTSTORE";
    public const string PasswordFile = "WSSTORAGE_PASSWORD_FILE";
    public const string Password = "WSSTORAGE_PASSWORD";
    public const string TruststorePasswordFile = "WSSTORAGE_TRUSTSTORE_PASSWORD_FILE";
    public const string TruststorePassword = "WSSTORAGE_TRUSTSTORE_PASSWORD";

    /// <summary>The value of a variable; none when it is not set or empty.</summary>
    public static string? Get(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
