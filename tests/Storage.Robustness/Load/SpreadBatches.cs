using System.Globalization;
using System.Text;

namespace WsStorage.Robustness.Load;

/// <summary>
/// Makes the batches of a writer that changes rows all over a store: mostly one row, sometimes several, now and then a removal
/// or the removal of a few rows in a run. Not thread-safe.
/// </summary>
/// <param name="keys">How many keys there are.</param>
/// <param name="random">Decides.</param>
internal sealed class SpreadBatches(int keys, Random random)
{
    private const int MostValueBytes = 200;

    private readonly byte[] _value = new byte[MostValueBytes];

    /// <summary>A key of the store.</summary>
    public static byte[] KeyOf(int number) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"row/{number:d12}"));

    /// <summary>The next write.</summary>
    public WriteBatch Next()
    {
        var batch = new WriteBatch();
        int first = random.Next(keys);
        switch (random.Next(40))
        {
            case 0:
                batch.RemoveRange(KeyRange.Between(KeyOf(first), KeyOf(first + random.Next(1, 20))));
                break;
            case < 4:
                batch.Remove(KeyOf(first));
                break;
            case < 10:
                for (int i = random.Next(2, 10); i > 0; i--)
                {
                    Put(batch, random.Next(keys));
                }

                break;
            default:
                Put(batch, first);
                break;
        }

        return batch;
    }

    private void Put(WriteBatch batch, int number)
    {
        Span<byte> value = _value.AsSpan(0, random.Next(MostValueBytes));
        random.NextBytes(value);
        batch.Put(KeyOf(number), value);
    }
}
