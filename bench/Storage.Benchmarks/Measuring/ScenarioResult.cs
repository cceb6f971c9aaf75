namespace WsStorage.Benchmarks.Measuring;

/// <summary>What a scenario showed. Filled by one scenario, then read.</summary>
/// <param name="scenario">Its name.</param>
/// <param name="title">What it measures.</param>
internal sealed class ScenarioResult(string scenario, string title)
{
    private readonly List<Series> _figures = [];
    private readonly List<GoalOutcome> _goals = [];
    private readonly List<string> _notes = [];

    public string Scenario { get; } = scenario;

    public string Title { get; } = title;

    public IReadOnlyList<Series> Figures => _figures;

    public IReadOnlyList<GoalOutcome> Goals => _goals;

    public IReadOnlyList<string> Notes => _notes;

    public void Add(Series figure) => _figures.Add(figure);

    public void Add(IEnumerable<Series> figures) => _figures.AddRange(figures);

    /// <summary>Holds a figure against a goal.</summary>
    /// <param name="goal">The goal.</param>
    /// <param name="reached">What was reached, in the goal's unit.</param>
    public void Check(Goal goal, Ratio reached) => _goals.Add(new GoalOutcome(goal, reached));

    /// <summary>Says what the reader has to know beside the figures, such as that a peer is not installed.</summary>
    /// <param name="note">One sentence or more.</param>
    public void Note(string note) => _notes.Add(note);
}

/// <summary>How far a goal was reached.</summary>
/// <param name="Goal">The goal.</param>
/// <param name="Reached">Median and spread over the rounds.</param>
internal sealed record GoalOutcome(Goal Goal, Ratio Reached)
{
    public bool IsReached => Goal.IsReachedBy(Reached.Median);
}
