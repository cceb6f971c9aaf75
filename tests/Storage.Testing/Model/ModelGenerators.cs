using FsCheck;
using FsCheck.Fluent;

namespace WsStorage.Testing;

/// <summary>Random steps over a small space of keys and values, so that operations meet each other.</summary>
internal static class ModelGenerators
{
    private const int NumberedKeys = 400;

    private static readonly Gen<byte[]> Key = Gen.Frequency(
        (8, Gen.Choose(0, 3).SelectMany(length => Gen.Elements<byte>(0x00, 0x61, 0x62, 0xFF).ArrayOf(length))),
        (3, Gen.Choose(0, NumberedKeys - 1).Select(i => Bytes.Numbered("a", i))),
        (1, Gen.Choose(200, 203).Select(length => Enumerable.Repeat((byte)0x61, length).ToArray())));

    private static readonly Gen<byte[]> Value = Gen.Frequency(
        (4, Gen.Elements("", "v", "w").Select(Bytes.Of)),
        (1, Gen.Choose(100, 3000).Select(length => Bytes.Noise(length, length))));

    public static Gen<KeyRange> Range { get; } = Gen.Frequency(
        (4, Key.Two().Select(pair => KeyRange.Between(pair.Item1, pair.Item2))),
        (2, Key.Two().Select(pair => Bytes.Order.Compare(pair.Item1, pair.Item2) < 0
            ? KeyRange.Between(pair.Item1, pair.Item2)
            : KeyRange.Between(pair.Item2, pair.Item1))),
        (2, Key.Select(key => KeyRange.Prefix(key))),
        (1, Key.Select(key => KeyRange.From(key))),
        (1, Key.Select(key => KeyRange.Single(key))),
        (1, Gen.Constant(KeyRange.All)));

    private static readonly Gen<ModelOperation> Operation = Gen.Frequency(
        (6, Key.Zip(Value).Select(pair => new ModelOperation(BatchOperationKind.Put, pair.Item1, pair.Item2))),
        (3, Key.Select(key => new ModelOperation(BatchOperationKind.Remove, key, []))),
        (1, Range.Select(range => new ModelOperation(BatchOperationKind.RemoveRange, range.Start.ToArray(), range.End.ToArray()))));

    private static readonly Gen<ModelPrecondition> Precondition = Gen.OneOf(
        Key.Select(key => new ModelPrecondition(PreconditionKind.Absent, key, [])),
        Key.Select(key => new ModelPrecondition(PreconditionKind.Present, key, [])),
        Key.Zip(Value).Select(pair => new ModelPrecondition(PreconditionKind.Equal, pair.Item1, pair.Item2)));

    public static Gen<ModelStep> Write { get; } =
        Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(1, 3))).SelectMany(count => Precondition.ListOf(count))
            .Zip(Gen.Choose(0, 6).SelectMany(count => Operation.ListOf(count)))
            .Select(pair => (ModelStep)new WriteStep([.. pair.Item1], [.. pair.Item2]));

    private static readonly Gen<ModelStep> Fill =
        Gen.Choose(1, NumberedKeys).Zip(Gen.Choose(0, 300).Select(length => Bytes.Noise(length, length))).Select(pair => (ModelStep)new WriteStep(
            [],
            [.. Enumerable.Range(0, pair.Item1).Select(i => new ModelOperation(BatchOperationKind.Put, Bytes.Numbered("a", i), pair.Item2))]));

    private static readonly Gen<ModelStep> Scan =
        from range in Range
        from reverse in Gen.Elements(true, false)
        from keysOnly in Gen.Frequency((3, Gen.Constant(false)), (1, Gen.Constant(true)))
        from limit in Gen.Frequency((2, Gen.Constant(long.MaxValue)), (1, Gen.Choose(1, 20).Select(i => (long)i)))
        from pageBytes in Gen.Elements(1024, ScanOptions.DefaultPageBytes)
        select (ModelStep)new ScanStep(
            new ScanOptions { Range = range, Reverse = reverse, KeysOnly = keysOnly, Limit = limit, PageBytes = pageBytes });

    public static Gen<ModelStep> Step { get; } = Gen.Frequency(
        (10, Write),
        (1, Fill),
        (3, Key.Select(key => (ModelStep)new GetStep(key))),
        (2, Key.ListOf().Select(keys => (ModelStep)new GetManyStep([.. keys]))),
        (5, Scan));
}
