using System.CommandLine;
using System.Globalization;

namespace WsStorage.Cli;

/// <summary>Makes options that take a number with a unit: <c>30s</c>, <c>64M</c>.</summary>
internal static class QuantityOption
{
    private static readonly (string Unit, double Seconds)[] Times =
        [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("", 1)];

    private static readonly (string Unit, double Bytes)[] Sizes =
        [("K", 1L << 10), ("M", 1L << 20), ("G", 1L << 30), ("T", 1L << 40), ("", 1)];

    public static Option<TimeSpan?> CreateDuration(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (Parse(text, Times) is { } seconds && seconds < TimeSpan.MaxValue.TotalSeconds)
            {
                return TimeSpan.FromSeconds(seconds);
            }

            result.AddError($"'{text}' is no time for {name}; write a number and ms, s, m, h or d, such as 30s.");
            return null;
        },
    };

    public static Option<long?> CreateSize(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "BYTES",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (Parse(text, Sizes) is { } bytes && bytes < long.MaxValue)
            {
                return (long)bytes;
            }

            result.AddError($"'{text}' is no size for {name}; write a number of bytes, or one with K, M, G or T, such as 64M.");
            return null;
        },
    };

    private static double? Parse(string text, (string Unit, double Factor)[] units)
    {
        (string unit, double factor) = units.First(each => text.EndsWith(each.Unit, StringComparison.Ordinal));
        const NumberStyles plain = NumberStyles.AllowDecimalPoint;
        return double.TryParse(text[..^unit.Length], plain, CultureInfo.InvariantCulture, out double number) ? number * factor : null;
    }
}
