namespace WsStorage.Replica;

/// <summary>What a replica is doing.</summary>
public enum ReplicaPhase
{
    /// <summary>It asks the source what it is, or waits to ask again.</summary>
    Connecting = 0,

    /// <summary>It reads the source's rows.</summary>
    LoadingRows = 1,

    /// <summary>It reads the files of a checkpoint of the source.</summary>
    LoadingFiles = 2,

    /// <summary>It applies what the source has committed and is not yet where the source is.</summary>
    CatchingUp = 3,

    /// <summary>It has been where the source was, and follows it.</summary>
    Live = 4,

    /// <summary>It was disposed of.</summary>
    Stopped = 5,
}
