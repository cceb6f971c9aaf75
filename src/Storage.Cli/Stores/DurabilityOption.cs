using System.CommandLine;
using System.CommandLine.Parsing;

namespace WsStorage.Cli.Stores;

/// <summary><c>--durability synced|buffered</c>; none stands for <see cref="Default"/>.</summary>
internal static class DurabilityOption
{
    public const Durability Default = Durability.Synced;

    public static Option<Durability?> Create() => new("--durability")
    {
        Description = "When a write is acknowledged: synced, once it is on the disk; buffered, once it is with the operating system [default: synced].",
        HelpName = "synced|buffered",
        CustomParser = Parse,
    };

    private static Durability? Parse(ArgumentResult result)
    {
        switch (result.Tokens[0].Value)
        {
            case "synced":
                return Durability.Synced;
            case "buffered":
                return Durability.Buffered;
            default:
                result.AddError($"The durability '{result.Tokens[0].Value}' is none; it is synced or buffered.");
                return default;
        }
    }
}
