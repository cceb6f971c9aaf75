using FsCheck;
using FsCheck.Fluent;

namespace WsStorage.Tests;

/// <summary>Runs FsCheck properties quietly, and throws what they find.</summary>
internal static class Properties
{
    public static void Hold<T>(Arbitrary<T> arbitrary, Action<T> body, int cases = 300) =>
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(cases), Prop.ForAll(arbitrary, body));

    /// <summary>Numbers of every magnitude, the bounds of each length among them.</summary>
    public static Arbitrary<ulong> Magnitudes { get; } = Gen.Choose(0, 63)
        .SelectMany(bits => Gen.Elements(0UL, 1UL, ulong.MaxValue, 0x5555_5555_5555_5555UL)
            .Select(noise => (1UL << bits) + (noise & ((1UL << bits) - 1)) - (noise == 1 ? 1UL : 0)))
        .ToArbitrary();
}
