namespace WsStorage.WsClient.Watches;

/// <summary>
/// The watches that one message tells something: events of one watch come in a row, and each reader is woken once, when all that
/// has arrived lies ready. Belongs to the loop that receives.
/// </summary>
internal sealed class ToldWatches
{
    private readonly List<PendingWatch> _awaited = [];
    private PendingWatch? _last;
    private ulong _lastId;

    /// <summary>The watch that was told last, if it has this id.</summary>
    /// <param name="id">The id.</param>
    /// <returns>The watch, or none: it is to be looked for.</returns>
    public PendingWatch? Find(ulong id) => _lastId == id ? _last : null;

    /// <summary>Keeps a watch that was found.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="watch">The watch, or none if it has ended.</param>
    public void Keep(ulong id, PendingWatch? watch)
    {
        _lastId = id;
        _last = watch;
    }

    /// <summary>Adds one whose reader waits.</summary>
    /// <param name="watch">The watch.</param>
    public void Add(PendingWatch watch) => _awaited.Add(watch);

    /// <summary>Wakes those who wait.</summary>
    public void Wake()
    {
        foreach (PendingWatch watch in _awaited)
        {
            watch.WakeReader();
        }

        _awaited.Clear();
    }
}
