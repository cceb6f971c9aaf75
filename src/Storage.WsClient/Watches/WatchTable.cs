namespace WsStorage.WsClient.Watches;

/// <summary>
/// The watches that are open on one connection, by their ids. They are counted by the server apart from requests, and so have
/// a table of their own, without a bound. All ids are odd, and none is used twice. Guarded by the <see cref="WatchRegistry"/>.
/// </summary>
internal sealed class WatchTable
{
    private readonly Dictionary<ulong, PendingWatch> _watches = [];
    private ulong _issued;

    /// <summary>Whether an id is of a watch.</summary>
    /// <param name="id">The id that the server echoed.</param>
    /// <returns>Whether it is; if not, it is of a request.</returns>
    public static bool IsWatch(ulong id) => (id & 1) != 0;

    /// <summary>Adds a watch.</summary>
    /// <param name="watch">The watch.</param>
    /// <returns>Its id.</returns>
    public ulong Add(PendingWatch watch)
    {
        ulong id = (_issued++ << 1) | 1;
        _watches.Add(id, watch);
        return id;
    }

    /// <summary>Finds the watch of an id.</summary>
    /// <param name="id">The id.</param>
    /// <param name="watch">The watch; none when the server has said the last word about it already.</param>
    /// <returns>Whether the id was ever issued.</returns>
    public bool TryFind(ulong id, out PendingWatch? watch)
    {
        _watches.TryGetValue(id, out watch);
        return id >> 1 < _issued;
    }

    /// <summary>Removes a watch about which the server has said the last word.</summary>
    /// <param name="id">Its id.</param>
    public void Remove(ulong id) => _watches.Remove(id);
}
