namespace WsStorage.Protocol;

/// <summary>The repeat that was written last.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Index">Its number in the pack.</param>
/// <param name="Start">Where it begins, in bytes.</param>
/// <param name="First">The number of the first message that it repeats.</param>
/// <param name="Count">How many it repeats; none when there is no repeat.</param>
internal readonly record struct PackRun(RequestId Id, int Index, int Start, int First, int Count)
{
    /// <summary>Whether it only has to become longer to repeat a message too.</summary>
    /// <param name="message">The number of the message.</param>
    /// <param name="id">Under which id it is to be repeated.</param>
    /// <param name="last">The number of the last message of the pack.</param>
    public bool CanTakeUp(int message, RequestId id, int last) =>
        Count > 0 && Index == last && First + Count == message && Id == id;
}
