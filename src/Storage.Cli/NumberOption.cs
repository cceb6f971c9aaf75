using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace WsStorage.Cli;

/// <summary>Makes options that take a number, with an error that a person understands.</summary>
internal static class NumberOption
{
    public static Option<T> Create<T>(string name, string description, T value)
        where T : struct, INumber<T> =>
        new(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => value,
            CustomParser = result =>
            {
                if (!T.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out T number))
                {
                    result.AddError($"'{result.Tokens[0].Value}' is no number for {name}, or too large a one.");
                }

                return number;
            },
        };

    public static Option<T?> CreateOptional<T>(string name, string description)
        where T : struct, INumber<T> =>
        new(name)
        {
            Description = description,
            HelpName = "N",
            CustomParser = result =>
            {
                if (!T.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out T number))
                {
                    result.AddError($"'{result.Tokens[0].Value}' is no number for {name}, or too large a one.");
                }

                return number;
            },
        };
}
