namespace WsStorage.Benchmarks.Measuring;

/// <summary>Micro-benchmarks of one part.</summary>
/// <param name="Title">Which part.</param>
/// <param name="Rows">What was measured there.</param>
internal sealed record MicroTable(string Title, IReadOnlyList<MicroRow> Rows);

/// <summary>One operation alone.</summary>
/// <param name="Name">The operation.</param>
/// <param name="Nanoseconds">How long it takes, in the mean.</param>
/// <param name="ErrorNanoseconds">The standard error of that.</param>
/// <param name="AllocatedBytes">What it allocates on the managed heap.</param>
internal sealed record MicroRow(string Name, double Nanoseconds, double ErrorNanoseconds, double AllocatedBytes);
