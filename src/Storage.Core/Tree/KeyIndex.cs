using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace WsStorage.Core.Tree;

/// <summary>
/// The rows of a store by their keys, in no order: a row is found with two looks into memory, where a tree needs one or two for
/// each of its levels. Any number of threads may read it, or one change it.
/// </summary>
/// <remarks>In parts that grow each by itself, so that no write waits for all keys to be put anew.</remarks>
internal sealed class KeyIndex
{
    private const int PartBits = 6;
    private const int KeysTogether = 64;
    private const int LineBytes = 64;

    // Who puts keys can't know which ones meet in one place.
    private readonly ulong _seed = (ulong)Random.Shared.NextInt64();
    private readonly KeyIndexPart[] _parts = new KeyIndexPart[1 << PartBits];

    public KeyIndex() => Clear();

    /// <summary>Finds a key's row, or the absent one.</summary>
    public Row Find(ReadOnlySpan<byte> key)
    {
        ulong hash = Hash(key);
        return PartOf(hash).Find(key, (uint)hash);
    }

    /// <summary>Finds the rows of keys, in their order. The memory of many is waited for together.</summary>
    public void Find(ReadOnlySpan<ReadOnlyMemory<byte>> keys, Span<Row> rows)
    {
        Span<ulong> hashes = stackalloc ulong[KeysTogether];
        while (!keys.IsEmpty)
        {
            int count = Math.Min(keys.Length, KeysTogether);
            for (int i = 0; i < count; i++)
            {
                hashes[i] = Hash(keys[i].Span);
                Fetch(in PartOf(hashes[i]).SlotFor((uint)hashes[i]));
            }

            for (int i = 0; i < count; i++)
            {
                rows[i] = PartOf(hashes[i]).FindLikely((uint)hashes[i]);
                FetchRow(rows[i]);
            }

            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<byte> key = keys[i].Span;
                if (!rows[i].IsAbsent && !rows[i].Key.SequenceEqual(key))
                {
                    rows[i] = PartOf(hashes[i]).Find(key, (uint)hashes[i]);
                }
            }

            keys = keys[count..];
            rows = rows[count..];
        }
    }

    /// <summary>Sets the row of its key.</summary>
    public void Put(Row row)
    {
        ulong hash = Hash(row.Key);
        PartOf(hash).Put(row, (uint)hash);
    }

    /// <summary>Takes a key's row out.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Remove(ReadOnlySpan<byte> key)
    {
        ulong hash = Hash(key);
        return PartOf(hash).Remove(key, (uint)hash);
    }

    /// <summary>Takes all rows out.</summary>
    public void Clear()
    {
        for (int i = 0; i < _parts.Length; i++)
        {
            _parts[i] = new KeyIndexPart();
        }
    }

    private static void FetchRow(Row row)
    {
        if (!row.IsAbsent)
        {
            ref byte first = ref row.First;
            Fetch(in first);
            Fetch(in Unsafe.AddByteOffset(ref first, LineBytes));
        }
    }

    /// <summary>Has the processor fetch a place in memory; a collection that moves it makes that useless, and no more.</summary>
    private static unsafe void Fetch<T>(ref readonly T place)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.AsRef(in place)));
        }
    }

    private ulong Hash(ReadOnlySpan<byte> key) => XxHash64.Hash(key, _seed);

    private KeyIndexPart PartOf(ulong hash) => _parts[hash >> (64 - PartBits)];
}
