namespace WsStorage.Protocol.Messages;

/// <summary>A value that may be missing. <c>optional-value = 0 / ( 1 value )</c>: a varint, and a field of bytes.</summary>
internal static class OptionalValue
{
    public static int Measure(bool found, ReadOnlySpan<byte> value) => found ? 1 + BodyWriter.MeasureBytes(value) : 1;

    public static void Write(ref BodyWriter writer, bool found, ReadOnlySpan<byte> value)
    {
        writer.WriteVarint(found ? 1u : 0u);
        if (found)
        {
            writer.WriteBytes(value);
        }
    }

    public static bool Read(scoped ref BodyReader reader, out ReadOnlySpan<byte> value)
    {
        bool found = reader.ReadInt32("the presence of a value", 1) == 1;
        value = found ? reader.ReadBytes() : default;
        return found;
    }
}
