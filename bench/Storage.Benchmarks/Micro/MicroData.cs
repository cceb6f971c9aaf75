using WsStorage.Benchmarks.Scenarios;
using WsStorage.Cli.Bench;

namespace WsStorage.Benchmarks.Micro;

/// <summary>The keys and values of all micro-benchmarks, walked in an order that jumps about.</summary>
internal sealed class MicroData
{
    public const int Keys = 100_000;
    public const int ValueBytes = 100;

    /// <summary>How many operations are measured together, so that what surrounds them does not count.</summary>
    public const int Operations = 128;

    // A prime that does not divide the number of keys: all are visited.
    private const int Stride = 7919;

    private readonly byte[][] _keys = [.. Enumerable.Range(0, Keys).Select(MakeKey)];
    private int _next;

    /// <summary>The key that was taken last.</summary>
    public ReadOnlyMemory<byte> Key => _keys[_next];

    /// <summary>A value for the key that was taken last.</summary>
    public byte[] Value { get; } = new byte[ValueBytes];

    /// <summary>Goes on to another key.</summary>
    public ReadOnlyMemory<byte> NextKey()
    {
        _next = (_next + Stride) % Keys;
        return _keys[_next];
    }

    /// <summary>Goes on to another key, and makes a value for it.</summary>
    public ReadOnlyMemory<byte> NextEntry()
    {
        ReadOnlyMemory<byte> key = NextKey();
        BenchData.WriteValue(Value, (uint)_next, (ulong)_next);
        return key;
    }

    /// <summary>Makes sure that a value is whole, and one of the key that was taken last.</summary>
    public void Check(ReadOnlySpan<byte> value)
    {
        if (!BenchData.IsValid(value, ValueBytes, (uint)_next))
        {
            throw new WrongValueException("A value that was read is not what was written.");
        }
    }

    /// <summary>Writes all keys.</summary>
    public async Task FillAsync(IStorage storage)
    {
        var batch = new WriteBatch();
        for (int i = 0; i < Keys; i++)
        {
            batch.Put(NextEntry().Span, Value);
            if (batch.Count == 1000)
            {
                await storage.WriteAsync(batch);
                batch.Clear();
            }
        }
    }

    private static byte[] MakeKey(int index)
    {
        byte[] key = new byte[BenchData.KeyBytes];
        BenchData.WriteKey(key, (uint)index);
        return key;
    }
}
