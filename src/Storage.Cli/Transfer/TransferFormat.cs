using System.CommandLine;

namespace WsStorage.Cli.Transfer;

/// <summary>The two forms of an export.</summary>
internal enum TransferFormat
{
    /// <summary>A JSON object a line.</summary>
    JsonLines,

    /// <summary>See <see cref="BinaryFormat"/>.</summary>
    Binary,
}

internal static class TransferFormats
{
    private const string BinaryExtension = ".wsx";

    public static Option<TransferFormat?> CreateOption(string description) => new("--format")
    {
        Description = description,
        HelpName = "jsonl|binary",
        CustomParser = result =>
        {
            switch (result.Tokens[0].Value)
            {
                case "jsonl":
                    return TransferFormat.JsonLines;
                case "binary":
                    return TransferFormat.Binary;
                default:
                    result.AddError($"The format '{result.Tokens[0].Value}' is none; it is jsonl or binary.");
                    return null;
            }
        },
    };

    public static TransferFormat OfFile(string path) =>
        Path.GetExtension(path).Equals(BinaryExtension, StringComparison.OrdinalIgnoreCase) ? TransferFormat.Binary : TransferFormat.JsonLines;
}
