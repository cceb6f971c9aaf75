namespace WsStorage.Cli.Demo;

/// <summary>Reads the counters of this machine.</summary>
internal interface IReadings
{
    /// <summary>Where they come from, for people.</summary>
    string Origin { get; }

    /// <summary>Reads them all, once.</summary>
    IReadOnlyList<Reading> Read();

    /// <summary>The best that this system has.</summary>
    static IReadings ForThisSystem() => OperatingSystem.IsLinux() ? new ProcReadings() : new RuntimeReadings();
}
