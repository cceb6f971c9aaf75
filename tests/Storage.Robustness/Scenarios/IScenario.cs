using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.Planted;

namespace WsStorage.Robustness.Scenarios;

/// <summary>One way to try the store hard, and what must hold in the end.</summary>
internal interface IScenario
{
    /// <summary>Its name on the command line.</summary>
    string Name { get; }

    /// <summary>What the count counts, for people.</summary>
    string Counts { get; }

    /// <summary>The count of the long form.</summary>
    int DefaultCount { get; }

    /// <summary>Runs it.</summary>
    /// <returns>What became of each guarantee.</returns>
    Task<IReadOnlyList<Verdict>> RunAsync(ScenarioOptions options);
}

/// <summary>How a scenario is run.</summary>
/// <param name="Count">How much of it.</param>
/// <param name="Seed">Decides what chance decides, as far as processes and networks allow.</param>
internal sealed record ScenarioOptions(int Count, int Seed)
{
    /// <summary>What is wrong on purpose.</summary>
    public PlantedBug Plant { get; init; }

    /// <summary>How many kills, where the count counts something else; none for as many as the scenario thinks fit.</summary>
    public int? Kills { get; init; }

    /// <summary>When the server acknowledges a write.</summary>
    public Durability Durability { get; init; } = Durability.Synced;

    /// <summary>Where progress and measurements go.</summary>
    public TextWriter Output { get; init; } = TextWriter.Null;
}
