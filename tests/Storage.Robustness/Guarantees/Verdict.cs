namespace WsStorage.Robustness.Guarantees;

/// <summary>What became of a guarantee in a run.</summary>
/// <param name="Guarantee">Its name.</param>
/// <param name="Checked">What it was checked on, for people.</param>
/// <param name="Counterexample">The first thing that contradicts it; none when it held.</param>
internal sealed record Verdict(string Guarantee, string Checked, string? Counterexample = null)
{
    /// <summary>Whether it held.</summary>
    public bool Held => Counterexample is null;

    /// <summary>A line of the report.</summary>
    public override string ToString() => Held ? $"{Guarantee}: held ({Checked})" : $"{Guarantee}: BROKEN ({Checked}): {Counterexample}";
}
