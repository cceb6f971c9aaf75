using WsStorage.Protocol;

namespace WsStorage.Transport;

/// <summary>
/// Empty packs that keep their memory while something is sent: it will soon be needed again, and of large arrays the shared pool
/// keeps few. Not thread-safe.
/// </summary>
/// <param name="type">The type of the packs.</param>
internal sealed class SparePacks(MessageType type)
{
    private const int MaxCount = 4;
    private const int MaxBytes = 64 * 1024;

    private readonly Stack<PackBuffer> _packs = new();

    /// <summary>Gives an empty pack.</summary>
    public PackBuffer Rent() => _packs.Count > 0 ? _packs.Pop() : new PackBuffer(type);

    /// <summary>Takes a pack back, whatever is in it.</summary>
    public void Return(PackBuffer pack)
    {
        // The memory of a huge one is not kept.
        if (_packs.Count < MaxCount && pack.Capacity <= MaxBytes)
        {
            pack.Clear();
        }
        else
        {
            pack.Dispose();
        }

        if (_packs.Count < MaxCount)
        {
            _packs.Push(pack);
        }
    }

    /// <summary>Gives the memory back.</summary>
    public void Release()
    {
        foreach (PackBuffer pack in _packs)
        {
            pack.Dispose();
        }
    }
}
