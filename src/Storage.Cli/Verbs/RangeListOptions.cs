using System.CommandLine;
using WsStorage.Cli.Text;

namespace WsStorage.Cli.Verbs;

/// <summary><c>--prefix</c>, as often as wanted, <c>--start</c> and <c>--end</c>.</summary>
internal sealed class RangeListOptions
{
    private readonly Option<string[]> _prefixes = new("--prefix")
    {
        Description = "Only keys that begin with this; may be given more than once.",
        HelpName = "TEXT",
    };

    private readonly RangeOptions _bounds = new();

    public void AddTo(Command command)
    {
        command.Add(_prefixes);
        _bounds.AddBoundsTo(command);
    }

    public bool AreGiven(ParseResult parsed) => parsed.GetValue(_prefixes) is { Length: > 0 } || _bounds.HasBounds(parsed);

    /// <summary>The ranges that are meant; none for all keys.</summary>
    public IReadOnlyList<KeyRange> Get(ParseResult parsed, TextForm form)
    {
        string[] prefixes = parsed.GetValue(_prefixes) ?? [];
        if (prefixes.Length == 0)
        {
            return _bounds.HasBounds(parsed) ? [_bounds.Narrow(KeyRange.All, parsed, form)] : [];
        }

        return [.. prefixes.Select(prefix => _bounds.Narrow(KeyRange.Prefix(form.Parse("prefix", prefix)), parsed, form))];
    }
}
