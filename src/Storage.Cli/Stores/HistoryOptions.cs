using System.CommandLine;

namespace WsStorage.Cli.Stores;

/// <summary>The options that say what a served store keeps of its history.</summary>
internal sealed class HistoryOptions
{
    private readonly Option<long?> _bytes = QuantityOption.CreateSize(
        "--log-bytes", "How much history to keep, for watches that begin in the past or were away: so many bytes at least; 0 for none [default: 1G, in memory 64M].");

    private readonly Option<TimeSpan?> _age = QuantityOption.CreateDuration(
        "--log-age", "Keep history for so long, however many bytes it takes; not in memory.");

    private readonly Option<bool> _previous = new("--keep-previous")
    {
        Description = "Keep in history what each key held before, for `wsstorage watch --previous`; not in a replica.",
    };

    public void AddTo(Command command)
    {
        command.Add(_bytes);
        command.Add(_age);
        command.Add(_previous);
    }

    public HistorySettings Get(ParseResult parsed) => new(parsed.GetValue(_bytes), parsed.GetValue(_age), parsed.GetValue(_previous));
}

/// <summary>What a store keeps of its history.</summary>
/// <param name="Bytes">How many bytes; none for the engine's default.</param>
/// <param name="Age">For how long; none for no matter how long.</param>
/// <param name="KeepPrevious">Whether with what each key held before.</param>
internal sealed record HistorySettings(long? Bytes = null, TimeSpan? Age = null, bool KeepPrevious = false);
