namespace WsStorage.Core.Feed;

/// <summary>What a watch finds that looks for its next event.</summary>
internal enum WatchFinding
{
    /// <summary>There is an event.</summary>
    Event,

    /// <summary>The reader waits, and is told by the dispatcher.</summary>
    Wait,

    /// <summary>History is to be read first.</summary>
    ReadOn,
}
