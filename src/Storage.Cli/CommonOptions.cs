using System.CommandLine;

namespace WsStorage.Cli;

/// <summary>Options that every verb takes.</summary>
internal static class CommonOptions
{
    public static Option<bool> Verbose { get; } = new("--verbose", "-v")
    {
        Description = "Log what happens, and show the whole of an error.",
        Recursive = true,
    };
}
