namespace WsStorage.Protocol.Messages;

/// <summary>Some ranges in a body: <c>ranges = count count*(start end)</c>.</summary>
internal static class RangeList
{
    public const int MaxCount = 65_536;

    public static int Measure(IReadOnlyList<KeyRange> ranges)
    {
        int length = Varint.Length((ulong)ranges.Count);
        for (int i = 0; i < ranges.Count; i++)
        {
            length = checked(length + BodyWriter.MeasureRange(ranges[i]));
        }

        return length;
    }

    public static KeyRange[] Read(ref BodyReader reader)
    {
        // Each range takes two bytes at least, so no more memory is taken than the body has.
        int count = reader.ReadInt32("the number of ranges", Math.Min(MaxCount, reader.Remaining / 2));
        var ranges = new KeyRange[count];
        for (int i = 0; i < count; i++)
        {
            ranges[i] = reader.ReadRange();
        }

        return count > 0 ? ranges : throw BodyReader.Malformed("there is no range");
    }

    public static void Write(ref BodyWriter writer, IReadOnlyList<KeyRange> ranges)
    {
        writer.WriteVarint((ulong)ranges.Count);
        for (int i = 0; i < ranges.Count; i++)
        {
            writer.WriteRange(ranges[i]);
        }
    }
}
