using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Cryptography;
using System.Text;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Text;
using WsStorage.Cli.Verbs;
using WsStorage.Replica;

namespace WsStorage.Cli.Replicas;

/// <summary>The options that say what a replica copies, how, and how often it compares itself with its source.</summary>
internal sealed class ReplicaSettings
{
    private const int MaxNameBytes = 256;

    private static readonly TimeSpan MaxVerifyInterval = TimeSpan.FromDays(24);

    private readonly RangeListOptions _ranges = new();

    private readonly Option<BootstrapMode> _by = new("--by")
    {
        Description = "How the copy comes from the source: rows, files of a checkpoint, or auto, by the size of the source [default: auto].",
        HelpName = "auto|rows|files",
        CustomParser = ParseMode,
    };

    private readonly Option<string?> _name = CreateName();

    private readonly Option<TimeSpan?> _verifyEvery = QuantityOption.CreateDuration(
        "--verify-every", "Compare the replica with its source as often as this, as `wsstorage verify` does.");

    private readonly Option<bool> _mend = new("--mend") { Description = "With --verify-every, correct rows that differ." };

    public static Option<string?> CreateName() => new("--name")
    {
        Description = "The replica's name at the source, which keeps history for it by that; each replica needs its own [default: made of this machine's name and the directory].",
        HelpName = "TEXT",
    };

    /// <summary>The name of a replica that was given none: the same whenever it is kept in the same place.</summary>
    /// <param name="place">Its directory, or what else tells it from others of this machine.</param>
    public static string DefaultName(string place)
    {
        string name = $"wsstorage {Environment.MachineName} {place}";
        return Encoding.UTF8.GetByteCount(name) <= MaxNameBytes
            ? name
            : $"wsstorage {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))}";
    }

    public void AddTo(Command command)
    {
        _ranges.AddTo(command);
        command.Add(_by);
        command.Add(_name);
        command.Add(_verifyEvery);
        command.Add(_mend);
    }

    /// <summary>Whether one of them is given.</summary>
    public bool AreGiven(ParseResult parsed) =>
        _ranges.AreGiven(parsed) || parsed.GetResult(_by) is { Implicit: false } || parsed.GetValue(_name) is not null
        || parsed.GetValue(_verifyEvery) is not null || parsed.GetValue(_mend);

    /// <summary>What the replica copies and how.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="form">How keys stand on it.</param>
    /// <param name="place">What tells the replica from others of this machine.</param>
    public ReplicaOptions Get(ParseResult parsed, TextForm form, string place)
    {
        var options = new ReplicaOptions
        {
            Name = parsed.GetValue(_name) ?? DefaultName(place),
            Ranges = _ranges.Get(parsed, form),
            Bootstrap = parsed.GetValue(_by),
        };
        options.Validate();
        return options;
    }

    /// <summary>How often the replica is to compare itself with its source; never when there is no such option.</summary>
    public TimeSpan? GetVerifyInterval(ParseResult parsed)
    {
        if (parsed.GetValue(_verifyEvery) is not { } interval)
        {
            return parsed.GetValue(_mend) ? throw new UsageException("--mend goes with --verify-every.") : null;
        }

        return interval >= TimeSpan.FromMilliseconds(1) && interval <= MaxVerifyInterval
            ? interval
            : throw new UsageException($"--verify-every is {interval}; it must be from 1ms to {MaxVerifyInterval.TotalDays:0}d.");
    }

    public VerifyOptions GetVerifyOptions(ParseResult parsed) => new() { Mend = parsed.GetValue(_mend) };

    private static BootstrapMode ParseMode(ArgumentResult result)
    {
        switch (result.Tokens[0].Value)
        {
            case "auto":
                return BootstrapMode.Auto;
            case "rows":
                return BootstrapMode.Rows;
            case "files":
                return BootstrapMode.Files;
            default:
                result.AddError($"'{result.Tokens[0].Value}' is no way to load a copy; it is auto, rows or files.");
                return default;
        }
    }
}
