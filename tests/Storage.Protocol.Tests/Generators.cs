using FsCheck;
using FsCheck.Fluent;

namespace WsStorage.Protocol.Tests;

/// <summary>Random values of what travels.</summary>
internal static class Generators
{
    /// <summary>Bytes, many of which look like parts of a trailer.</summary>
    public static Gen<byte[]> Bytes { get; } = Gen.Frequency(
        (3, Gen.Elements(ProtocolConstants.Separator, (byte)MessageType.Get, (byte)MessageType.GetReply, (byte)MessageType.Error)),
        (3, Gen.Elements("ABZaz09+/"u8.ToArray())),
        (4, Gen.Choose(0, 255).Select(value => (byte)value))).ArrayOf();

    /// <summary>Numbers of every width.</summary>
    public static Gen<ulong> Numbers { get; } =
        Gen.Choose(0, 63).SelectMany(shift => ArbMap.Default.GeneratorFor<ulong>().Select(value => (value ^ ulong.MaxValue) >> shift));

    public static Gen<int> Counts { get; } = Numbers.Select(value => (int)(value & int.MaxValue));

    public static Gen<Revision> Revisions { get; } = Numbers.Select(value => new Revision(value));

    public static Gen<Position> Positions { get; } = ArbMap.Default.GeneratorFor<Guid>().SelectMany(epoch =>
        Revisions.SelectMany(revision => Numbers.Select(hash => new Position(epoch, revision, hash))));

    /// <summary>Text without lone surrogates, which UTF-8 can't hold.</summary>
    public static Gen<string> Texts { get; } =
        Gen.Elements("a", " ", "\u0000", "ü", "€", "𝄞", "\u001F", "A").ListOf().Select(units => string.Concat(units.Take(20)));

    /// <summary>Ids of 1 to 16 digits.</summary>
    public static Gen<RequestId> Ids { get; } = Gen.Choose(1, 16).SelectMany(length =>
        Gen.Elements("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8.ToArray())
            .ArrayOf(length).Select(digits => RequestId.FromDigits(digits)));

    public static Gen<bool> Booleans { get; } = Gen.Elements(true, false);

    public static Gen<WriteBatch> Batches { get; } = Bytes.Two().SelectMany(pair => Gen.Choose(0, 5).Select(kind => (pair.Item1, pair.Item2, kind)))
        .ListOf().Select(steps =>
        {
            var batch = new WriteBatch();
            foreach ((byte[] first, byte[] second, int kind) in steps)
            {
                _ = kind switch
                {
                    0 => batch.Put(first, second),
                    1 => batch.Remove(first),
                    2 => batch.RemoveRange(KeyRange.Between(first, second)),
                    3 => batch.RequireAbsent(first),
                    4 => batch.RequirePresent(first),
                    _ => batch.RequireEqual(first, second),
                };
            }

            return batch;
        });

    /// <summary>Checks that something holds for random values.</summary>
    /// <typeparam name="T">The type of the values.</typeparam>
    /// <param name="values">The values.</param>
    /// <param name="check">Throws when it does not hold.</param>
    public static void ForAll<T>(Gen<T> values, Action<T> check) =>
        Prop.ForAll(values.ToArbitrary(), check).QuickCheckThrowOnFailure();
}
