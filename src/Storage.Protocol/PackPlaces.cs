using System.Buffers;

namespace WsStorage.Protocol;

/// <summary>
/// Where in a pack the messages are that may have to be said once more. Of two that fall on one place the older is forgotten: it
/// is written again then. Not thread-safe; its memory is rented, so clear it.
/// </summary>
internal sealed class PackPlaces
{
    // More than there are messages of a hundred bytes in a pack; those that follow each other in number never meet.
    private const int Count = 512;

    private PackPlace[] _places = [];

    /// <summary>The message of a number, or another, or none.</summary>
    public PackPlace Find(ulong number) => _places.Length == 0 ? default : _places[number % Count];

    public void Add(ulong number, PackPlace place)
    {
        if (_places.Length == 0)
        {
            _places = ArrayPool<PackPlace>.Shared.Rent(Count);
            _places.AsSpan().Clear();
        }

        _places[number % Count] = place;
    }

    /// <summary>Forgets all, and gives the memory back.</summary>
    public void Clear()
    {
        if (_places.Length > 0)
        {
            ArrayPool<PackPlace>.Shared.Return(_places);
            _places = [];
        }
    }
}

/// <summary>Where a message of a pack is.</summary>
/// <param name="Index">Its number in the pack, counted from 0.</param>
/// <param name="Start">Where its body begins: never at 0, where the first length is.</param>
internal readonly record struct PackPlace(int Index, int Start)
{
    public bool IsNone => Start == 0;
}

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
