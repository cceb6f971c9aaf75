using System.Diagnostics;
using WsStorage.Robustness;
using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.Processes;
using WsStorage.Robustness.Replicas;
using WsStorage.Robustness.Scenarios;

if (args is [ServeVerb.Name, _])
{
    return await ServeVerb.RunAsync(ServeOptions.Parse(args[1]));
}

if (args is [FollowVerb.Name, _])
{
    return await FollowVerb.RunAsync(FollowOptions.Parse(args[1]));
}

if (args is [ProduceVerb.Name, _])
{
    return await ProduceVerb.RunAsync(ProduceOptions.Parse(args[1]));
}

if (CommandLine.TryParse(args) is not { } line)
{
    Console.Error.WriteLine(CommandLine.Usage);
    return 2;
}

bool held = true;
foreach (IScenario scenario in line.Scenarios)
{
    var options = new ScenarioOptions(line.Count ?? scenario.DefaultCount, line.Seed)
    {
        Plant = line.Plant,
        Kills = line.Kills,
        Durability = line.Durability,
        Output = Console.Out,
    };
    Console.WriteLine($"{scenario.Name}: {options.Count:n0} {scenario.Counts}, seed {options.Seed}, {options.Durability}, planted bug: {options.Plant}");
    long started = Stopwatch.GetTimestamp();
    IReadOnlyList<Verdict> verdicts = await scenario.RunAsync(options);
    foreach (Verdict verdict in verdicts)
    {
        Console.WriteLine(verdict);
    }

    bool all = verdicts.All(verdict => verdict.Held);
    held &= all;
    Console.WriteLine($"{scenario.Name}: {(all ? "all held" : "BROKEN")}, seed {options.Seed}, {Stopwatch.GetElapsedTime(started).TotalSeconds:n0} s");
}

return held ? 0 : 1;
