namespace WsStorage.Benchmarks.Reporting;

/// <summary>Says on standard error what goes on, with the time that has passed.</summary>
internal sealed class ConsoleProgress : IProgress<string>
{
    private readonly long _started = System.Diagnostics.Stopwatch.GetTimestamp();

    public void Report(string value) =>
        Console.Error.WriteLine($"{System.Diagnostics.Stopwatch.GetElapsedTime(_started).TotalSeconds,6:0} s  {value}");
}
