using System.CommandLine;
using WsStorage.Cli.Text;

namespace WsStorage.Cli.Verbs;

/// <summary><c>--prefix</c>, <c>--start</c> and <c>--end</c>.</summary>
internal sealed class RangeOptions
{
    private readonly Option<string?> _prefix = new("--prefix") { Description = "Only keys that begin with this.", HelpName = "TEXT" };
    private readonly Option<string?> _start = new("--start") { Description = "Only this key and those after it.", HelpName = "KEY" };
    private readonly Option<string?> _end = new("--end") { Description = "Only keys before this one.", HelpName = "KEY" };

    public void AddTo(Command command)
    {
        command.Add(_prefix);
        AddBoundsTo(command);
    }

    /// <summary>Adds <c>--start</c> and <c>--end</c> alone.</summary>
    public void AddBoundsTo(Command command)
    {
        command.Add(_start);
        command.Add(_end);
    }

    public bool HasBounds(ParseResult parsed) => parsed.GetValue(_start) is not null || parsed.GetValue(_end) is not null;

    public KeyRange Get(ParseResult parsed, TextForm form) => Narrow(
        parsed.GetValue(_prefix) is { } prefix ? KeyRange.Prefix(form.Parse("prefix", prefix)) : KeyRange.All, parsed, form);

    /// <summary>What of a range is within <c>--start</c> and <c>--end</c>.</summary>
    public KeyRange Narrow(KeyRange range, ParseResult parsed, TextForm form)
    {
        if (parsed.GetValue(_start) is { } start)
        {
            byte[] bytes = form.Parse("start", start);
            range = bytes.AsSpan().SequenceCompareTo(range.Start.Span) > 0 ? KeyRange.Between(bytes, range.End) : range;
        }

        if (parsed.GetValue(_end) is { } end)
        {
            byte[] bytes = form.Parse("end", end);
            bool narrower = range.End.IsEmpty || bytes.AsSpan().SequenceCompareTo(range.End.Span) < 0;
            range = bytes.Length > 0 && narrower ? KeyRange.Between(range.Start, bytes) : range;
        }

        return range;
    }
}
