using System.CommandLine;
using System.Globalization;
using WsStorage.Benchmarks.Scenarios;

namespace WsStorage.Benchmarks;

/// <summary>The options of all subcommands that measure.</summary>
internal sealed class CommonOptions
{
    private readonly Option<int> _rounds = new("--rounds") { Description = "How many interleaved rounds count, after one that warms up.", DefaultValueFactory = _ => new RunOptions().Rounds };
    private readonly Option<double> _seconds = new("--seconds") { Description = "How long each contender is measured in a round.", DefaultValueFactory = _ => new RunOptions().Duration.TotalSeconds };
    private readonly Option<int> _keys = new("--keys") { Description = "How many keys a store has, where a goal does not say.", DefaultValueFactory = _ => new RunOptions().Keys };
    private readonly Option<string?> _output = new("--output") { Description = "Where to write the report: this name with .md, .json and .svg.", HelpName = "PATH" };

    public CommonOptions()
    {
        _rounds.Validators.Add(result => Require(result.GetValue(_rounds) is >= 1 and <= 1000, "--rounds must be from 1 to 1,000.", result.AddError));
        _seconds.Validators.Add(result => Require(result.GetValue(_seconds) is > 0 and <= 3600, "--seconds must be more than 0, and at most 3,600.", result.AddError));
        _keys.Validators.Add(result => Require(result.GetValue(_keys) >= 1000, "--keys must be at least 1,000.", result.AddError));
    }

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

    private static void Require(bool holds, string message, Action<string> addError)
    {
        if (!holds)
        {
            addError(message);
        }
    }
}
