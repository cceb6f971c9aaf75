using System.CommandLine;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage certs</c></summary>
internal static class CertsCommand
{
    public static Command Create() => new("certs", "Make and show keystores and truststores.")
    {
        CertsNewCommand.Create(),
        CertsShowCommand.Create(),
    };
}
