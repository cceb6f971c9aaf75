using System.Globalization;

namespace WsStorage;

/// <summary>
/// A place in the history of a store: each committed batch gets the next number, densely, starting at 1. 0 is the empty
/// store before its first batch.
/// </summary>
/// <param name="Value">The number.</param>
public readonly record struct Revision(ulong Value) : IComparable<Revision>
{
    /// <summary>Before the first batch.</summary>
    public static Revision None => default;

    /// <summary>The revision that the next batch gets.</summary>
    public Revision Next => new(checked(Value + 1));

    /// <inheritdoc/>
    public int CompareTo(Revision other) => Value.CompareTo(other.Value);

    /// <summary>The number in decimal digits.</summary>
    /// <returns>For example <c>42</c>.</returns>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether one revision is before another.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator <(Revision left, Revision right) => left.Value < right.Value;

    /// <summary>Whether one revision is after another.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator >(Revision left, Revision right) => left.Value > right.Value;

    /// <summary>Whether one revision is another or before it.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator <=(Revision left, Revision right) => left.Value <= right.Value;

    /// <summary>Whether one revision is another or after it.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator >=(Revision left, Revision right) => left.Value >= right.Value;
}
