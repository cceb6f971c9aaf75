using System.Globalization;
using WsStorage.Robustness.Planted;
using WsStorage.Robustness.Scenarios;

namespace WsStorage.Robustness;

/// <summary>What the harness was asked for.</summary>
/// <param name="Scenarios">What to run, one after the other.</param>
/// <param name="Count">How much of it; none for the long form.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Plant">The bug to plant.</param>
/// <param name="Durability">When the server acknowledges a write.</param>
internal sealed record CommandLine(
    IReadOnlyList<IScenario> Scenarios, int? Count, int Seed, PlantedBug Plant, Durability Durability)
{
    /// <summary>How many kills, for the scenarios that count something else; none for as many as the scenario thinks fit.</summary>
    public int? Kills { get; init; }

    /// <summary>All scenarios.</summary>
    public static IReadOnlyList<IScenario> All { get; } =
    [
        new Disconnects(), new Kills(), new Counters(), new SlowWatcher(), new Thundering(),
        new ReplicaKills(), new Bootstrap(), new RelayChain(), new Damage(), new NearCache(), new OutboxDelivery(),
    ];

    /// <summary>What to say to those who ask, or ask for something that is not there.</summary>
    public static string Usage =>
        $"""
        Usage: dotnet run -c Release --project tests/Storage.Robustness -- SCENARIO [OPTIONS]

        SCENARIO is one of these, or 'all':
        {string.Join(Environment.NewLine, All.Select(scenario => $"  {scenario.Name,-14} {scenario.DefaultCount:n0} {scenario.Counts}"))}

        Options:
          --count N        how much, in the place of the number above
          --writes N       the same, for those that count writes
          --kills K        how many kills of the producer (outbox)
          --seed S         repeats the random choices of a run, as far as processes and networks allow
          --durability D   synced (default) or buffered
          --plant BUG      makes something wrong on purpose: {string.Join(", ", Enum.GetNames<PlantedBug>().Skip(1))}

        The exit code is 0 when all guarantees held, 1 when one did not, 2 when the command line makes no sense.
        """;

    /// <summary>Reads the arguments.</summary>
    /// <returns>What was asked for; none when it makes no sense.</returns>
    public static CommandLine? TryParse(IReadOnlyList<string> arguments)
    {
        if (arguments.Count == 0 || arguments.Count % 2 == 0)
        {
            return null;
        }

        IScenario[] scenarios = [.. All.Where(scenario => arguments[0] is "all" || string.Equals(arguments[0], scenario.Name, StringComparison.Ordinal))];
        var line = new CommandLine(scenarios, null, Random.Shared.Next(1_000_000), PlantedBug.None, Durability.Synced);
        for (int i = 1; i < arguments.Count && line is not null; i += 2)
        {
            line = line.With(arguments[i], arguments[i + 1]);
        }

        return scenarios.Length == 0 ? null : line;
    }

    private CommandLine? With(string option, string value) => option switch
    {
        "--count" or "--writes" when int.TryParse(value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out int count) && count > 0 =>
            this with { Count = count },
        "--kills" when int.TryParse(value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out int kills) && kills >= 0 =>
            this with { Kills = kills },
        "--seed" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int seed) => this with { Seed = seed },
        "--plant" when Enum.TryParse(value.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out PlantedBug plant) => this with { Plant = plant },
        "--durability" when Enum.TryParse(value, ignoreCase: true, out Durability durability) && durability != Durability.Volatile =>
            this with { Durability = durability },
        _ => null,
    };
}
