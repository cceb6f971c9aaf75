namespace WsStorage.Cli.Demo;

/// <summary>What the demo did to the link, the server or the replica, and how long it took to come back from it.</summary>
/// <param name="Kind">What was done.</param>
/// <param name="At">When, since the demo began.</param>
/// <param name="Down">How long it was gone.</param>
/// <param name="Recovered">After how long, from <paramref name="At"/>, a write that began since was acknowledged; after
/// a kill of the replica, after how long that had it.</param>
internal sealed record Disturbance(DisturbanceKind Kind, TimeSpan At, TimeSpan Down, TimeSpan Recovered)
{
    public override string ToString()
    {
        (string what, string next) = Kind switch
        {
            DisturbanceKind.LinkCut => ("a cut of the link", "next write acknowledged"),
            DisturbanceKind.ServerKilled => ("a kill of the server (SIGKILL)", "next write acknowledged"),
            _ => ("a kill of the replica (SIGKILL)", "in step again"),
        };
        return $"{(At + Recovered).TotalSeconds,5:0.0} s   got over {what} at {At.TotalSeconds:0.0} s: down for {Down.TotalSeconds:0.00} s, {next} after {Recovered.TotalSeconds:0.00} s";
    }
}

/// <summary>What can be done to them.</summary>
internal enum DisturbanceKind
{
    /// <summary>Every connection is cut in the middle of what it carries, and none is taken for a while.</summary>
    LinkCut,

    /// <summary>The server is ended by SIGKILL, and started again.</summary>
    ServerKilled,

    /// <summary>The replica is ended by SIGKILL, and started again.</summary>
    ReplicaKilled,
}
