namespace WsStorage.Benchmarks.Measuring;

/// <summary>What a scenario showed. Filled by one scenario, then read.</summary>
/// <param name="scenario">Its name.</param>
/// <param name="title">What it measures.</param>
internal sealed class ScenarioResult(string scenario, string title)
{
    private readonly List<IReadOnlyList<Series>> _tables = [];
    private readonly List<MicroTable> _microTables = [];
    private readonly List<GoalOutcome> _goals = [];
    private readonly List<SkippedGoal> _skipped = [];
    private readonly List<string> _notes = [];

    public string Scenario { get; } = scenario;

    public string Title { get; } = title;

    /// <summary>The figures; those of a table are compared with its first.</summary>
    public IReadOnlyList<IReadOnlyList<Series>> Tables => _tables;

    public IReadOnlyList<MicroTable> MicroTables => _microTables;

    public IReadOnlyList<GoalOutcome> Goals => _goals;

    public IReadOnlyList<SkippedGoal> Skipped => _skipped;

    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Adds a figure that stands alone.</summary>
    public void Add(Series figure) => _tables.Add([figure]);

    /// <summary>Adds figures that are compared with the first of them.</summary>
    public void Add(IEnumerable<Series> figures) => _tables.Add([.. figures]);

    public void Add(MicroTable table) => _microTables.Add(table);

    /// <summary>Holds a figure against a goal.</summary>
    /// <param name="goal">The goal.</param>
    /// <param name="reached">What was reached, in the goal's unit.</param>
    public void Check(Goal goal, Ratio reached) => _goals.Add(new GoalOutcome(goal, reached));

    /// <summary>Says that a goal could not be measured here.</summary>
    /// <param name="goal">The goal.</param>
    /// <param name="why">Why, such as that a peer is not installed.</param>
    public void Skip(Goal goal, string why) => _skipped.Add(new SkippedGoal(goal, why));

    /// <summary>Says what the reader has to know beside the figures, such as what limits them.</summary>
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

/// <summary>A goal that was not measured.</summary>
/// <param name="Goal">The goal.</param>
/// <param name="Why">Why not.</param>
internal sealed record SkippedGoal(Goal Goal, string Why);
