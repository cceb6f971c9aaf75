using System.CommandLine;
using System.CommandLine.Parsing;

namespace WsStorage.Cli.Stores;

/// <summary><c>--durability synced|buffered</c>; none stands for <see cref="Default"/>.</summary>
internal static class DurabilityOption
{
    public const Durability Default = Durability.Synced;

    /// <summary>What is right for copies: what is lost with the machine is fetched again.</summary>
    public const Durability OfCopies = Durability.Buffered;

    /// <summary>The option, with what it says its default to be.</summary>
    public static Option<Durability?> Create(string ofWhichDefault = "synced") => new("--durability")
    {
        Description = $"When a write is acknowledged: synced, once it is on the disk; buffered, once it is with the operating system [default: {ofWhichDefault}].",
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
