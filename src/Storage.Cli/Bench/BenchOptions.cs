using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using WsStorage.Cli.Stores;

namespace WsStorage.Cli.Bench;

/// <summary>The options of <c>wsstorage bench</c>.</summary>
internal sealed class BenchOptions
{
    private readonly Option<Workload[]> _workloads = new("--workload")
    {
        Description = "What to measure: get, put, mix, or several with commas [default: get,put,mix].",
        HelpName = "LIST",
        CustomParser = result => ParseList(result, "get, put or mix", text => Enum.TryParse(text, ignoreCase: true, out Workload one) && Enum.IsDefined(one) ? one : (Workload?)null),
    };

    private readonly Option<int[]> _depths = new("--depth")
    {
        Description = "How many operations of a connection are outstanding at once; several with commas, one run for each [default: 1,256].",
        HelpName = "LIST",
        CustomParser = result => ParseList(result, "whole numbers", text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int one) ? one : (int?)null),
    };

    private readonly Option<int> _connections = NumberOption.Create("--connections", "How many connections.", 1);
    private readonly Option<int> _keys = NumberOption.Create("--keys", "How many keys are written beforehand, to be read and overwritten.", 100_000);
    private readonly Option<int> _valueBytes = NumberOption.Create("--value-size", "The length of a value in bytes.", 100);
    private readonly Option<int> _mix = NumberOption.Create("--mix", "The share of gets in the mix, in percent.", 50);
    private readonly Option<double> _seconds = NumberOption.Create("--seconds", "How long a run is measured.", 5.0);
    private readonly Option<long?> _operations = NumberOption.CreateOptional<long>("--operations", "Measure this many operations a run, instead of --seconds.");
    private readonly Option<double> _warmUp = NumberOption.Create("--warm-up", "How many seconds a run goes on before it is measured.", 1.0);
    private readonly Option<string> _engine = new("--engine") { Description = "The engine of its own server.", HelpName = "rocksdb|memory", DefaultValueFactory = _ => "rocksdb" };
    private readonly Option<Durability?> _durability = DurabilityOption.Create();

    public void AddTo(Command command)
    {
        command.Add(_workloads);
        command.Add(_depths);
        command.Add(_connections);
        command.Add(_keys);
        command.Add(_valueBytes);
        command.Add(_mix);
        command.Add(_seconds);
        command.Add(_operations);
        command.Add(_warmUp);
        command.Add(_engine.AcceptOnlyFromAmong("rocksdb", "memory"));
        command.Add(_durability);
    }

    public BenchPlan GetPlan(ParseResult parsed) => new()
    {
        Workloads = parsed.GetValue(_workloads) is { Length: > 0 } workloads ? workloads : [Workload.Get, Workload.Put, Workload.Mix],
        Depths = parsed.GetValue(_depths) is { Length: > 0 } depths ? depths : [1, 256],
        Connections = parsed.GetValue(_connections),
        Keys = parsed.GetValue(_keys),
        ValueBytes = parsed.GetValue(_valueBytes),
        MixPercent = parsed.GetValue(_mix),
        Duration = TimeSpan.FromSeconds(parsed.GetValue(_seconds)),
        Operations = parsed.GetValue(_operations),
        WarmUp = TimeSpan.FromSeconds(parsed.GetValue(_warmUp)),
    };

    public bool UsesMemory(ParseResult parsed) => parsed.GetValue(_engine)!.Equals("memory", StringComparison.Ordinal);

    public Durability GetDurability(ParseResult parsed) => parsed.GetValue(_durability) ?? DurabilityOption.Default;

    private static T[] ParseList<T>(ArgumentResult result, string wanted, Func<string, T?> parse)
        where T : struct
    {
        T?[] items = [.. result.Tokens[0].Value.Split(',').Select(parse)];
        if (items.Contains(null))
        {
            result.AddError($"'{result.Tokens[0].Value}' is no list of {wanted}, with commas between them.");
        }

        return [.. items.OfType<T>()];
    }
}
