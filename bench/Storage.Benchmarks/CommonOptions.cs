using System.CommandLine;
using System.Globalization;
using System.Numerics;
using WsStorage.Benchmarks.Scenarios;

namespace WsStorage.Benchmarks;

/// <summary>The options of all subcommands that measure.</summary>
internal sealed class CommonOptions
{
    private static readonly RunOptions Defaults = new();

    private readonly Option<int> _rounds =
        Bounded("--rounds", "How many interleaved rounds count, after one that warms up.", Defaults.Rounds, 1, 1000);

    private readonly Option<double> _seconds =
        Bounded("--seconds", "How long each contender is measured in a round.", Defaults.Duration.TotalSeconds, 0.01, 3600);

    private readonly Option<int> _keys =
        Bounded("--keys", "How many keys a store has, where a goal does not say.", Defaults.Keys, 1000, int.MaxValue);

    private readonly Option<string?> _output = new("--output")
    {
        Description = "Where to write the report: this name with .md, .json and .svg.",
        HelpName = "PATH",
    };

    public void AddTo(Command command)
    {
        command.Add(_rounds);
        command.Add(_seconds);
        command.Add(_keys);
        command.Add(_output);
    }

    public RunOptions GetRun(ParseResult parsed) => new()
    {
        Rounds = parsed.GetValue(_rounds),
        Duration = TimeSpan.FromSeconds(parsed.GetValue(_seconds)),
        Keys = parsed.GetValue(_keys),
    };

    /// <summary>The arguments that repeat a run.</summary>
    public string Describe(string command, ParseResult parsed) => string.Create(
        CultureInfo.InvariantCulture,
        $"{command} --rounds {parsed.GetValue(_rounds)} --seconds {parsed.GetValue(_seconds)} --keys {parsed.GetValue(_keys)}");

    public string? GetOutput(ParseResult parsed) => parsed.GetValue(_output);

    private static Option<T> Bounded<T>(string name, string description, T value, T least, T most)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => value,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (!T.TryParse(text, CultureInfo.InvariantCulture, out T number) || number < least || number > most)
                {
                    result.AddError($"{name} is '{text}'; it must be a number from {least} to {most}.");
                }

                return number;
            },
        };
}
