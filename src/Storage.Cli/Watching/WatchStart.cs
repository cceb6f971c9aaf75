using System.CommandLine;
using WsStorage.Core;

namespace WsStorage.Cli.Watching;

/// <summary><c>--from POSITION|0|now</c>: where a watch begins.</summary>
internal sealed class WatchStart
{
    private const string Now = "now";
    private const string Beginning = "0";

    private readonly Option<string> _from = new("--from")
    {
        Description = "Where to begin: now, 0 for the beginning of history, or after the \"position\" that a line has shown.",
        HelpName = "POSITION|0|now",
        DefaultValueFactory = _ => Now,
    };

    public void AddTo(Command command) => command.Add(_from);

    /// <summary>Refuses what is no place, before anything is opened.</summary>
    public void Check(ParseResult parsed)
    {
        if (parsed.GetValue(_from) is not (Now or Beginning))
        {
            _ = GetPosition(parsed);
        }
    }

    /// <summary>Finds the position to begin after; none for what is committed now.</summary>
    public async ValueTask<Position?> FindAsync(ParseResult parsed, IStorage storage, CancellationToken cancellationToken)
    {
        switch (parsed.GetValue(_from))
        {
            case Now:
                return null;
            case Beginning:
                StorageInfo info = await storage.GetInfoAsync(cancellationToken);
                return new Position(info.Epoch, default, ChainHash.Seed);
            default:
                return GetPosition(parsed);
        }
    }

    private Position GetPosition(ParseResult parsed) => Position.TryParse(parsed.GetValue(_from), out Position position)
        ? position
        : throw new UsageException(
            $"'{parsed.GetValue(_from)}' is no place to watch from; give now, 0, or the \"position\" of a line that `wsstorage watch` has printed.");
}
