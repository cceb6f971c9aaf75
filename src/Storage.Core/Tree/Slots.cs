using System.Runtime.CompilerServices;

namespace WsStorage.Core.Tree;

/// <summary>The slots of a node: inside the node's own object, so that a search follows no reference to reach them.</summary>
/// <typeparam name="T">What a slot holds.</typeparam>
[InlineArray(Node.Capacity)]
internal struct Slots<T>
{
    private T _first;
}

/// <summary>Sorted insertion and removal in slots of which the first few are in use.</summary>
internal static class SlotSpans
{
    public static void Insert<T>(this Span<T> slots, int count, int index, T item)
    {
        slots[index..count].CopyTo(slots[(index + 1)..]);
        slots[index] = item;
    }

    public static void Remove<T>(this Span<T> slots, int count, int index, int removed)
    {
        slots[(index + removed)..count].CopyTo(slots[index..]);

        // What is no longer in use must not keep a value alive.
        slots[(count - removed)..count].Clear();
    }
}
