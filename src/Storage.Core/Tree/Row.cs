using System.Runtime.InteropServices;

namespace WsStorage.Core.Tree;

/// <summary>
/// A key and its value in one array that never changes: one allocation and one cache miss instead of two. The default is
/// the absent row.
/// </summary>
/// <param name="record">The key, then the value.</param>
/// <param name="keyLength">Where the value starts.</param>
internal readonly struct Row(byte[] record, int keyLength)
{
    public bool IsAbsent => record is null;

    public byte[] Record => record;

    public int KeyLength => keyLength;

    /// <summary>Where a row that is not absent begins.</summary>
    public ref byte First => ref MemoryMarshal.GetArrayDataReference(record);

    public ReadOnlySpan<byte> Key => record.AsSpan(0, keyLength);

    public ReadOnlySpan<byte> Value => record.AsSpan(keyLength);

    public int Length => record.Length;

    public static Row Create(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        byte[] record = GC.AllocateUninitializedArray<byte>(key.Length + value.Length);
        key.CopyTo(record);
        value.CopyTo(record.AsSpan(key.Length));
        return new Row(record, key.Length);
    }
}
