using WsStorage.Benchmarks.Measuring;

namespace WsStorage.Benchmarks.Scenarios;

/// <summary>One thing that is measured, with its peers: a subcommand.</summary>
internal interface IScenario
{
    /// <summary>The subcommand.</summary>
    string Name { get; }

    /// <summary>What is measured, for the help and the report.</summary>
    string Title { get; }

    /// <summary>Measures.</summary>
    /// <param name="site">Certificates, directories, servers, and how long to measure.</param>
    /// <param name="result">Gets the figures and the goals.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="WrongValueException">A value was wrong or missing.</exception>
    Task RunAsync(Site site, ScenarioResult result, CancellationToken cancellationToken);
}
