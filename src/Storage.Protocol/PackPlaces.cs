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
