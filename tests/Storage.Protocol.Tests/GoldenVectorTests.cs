namespace WsStorage.Protocol.Tests;

/// <summary>The bytes on the wire, frozen: file and library agree on every one of them.</summary>
public sealed class GoldenVectorTests
{
    private static IReadOnlyList<GoldenVector> Vectors => GoldenVector.File;

    [Test]
    public void Is_what_is_written([ValueSource(nameof(Vectors))] GoldenVector vector)
    {
        Assert.That(Samples.Encoded, Contains.Key(vector.Name));
        Assert.That(Convert.ToHexString(Samples.Encoded[vector.Name]), Is.EqualTo(vector.Hex));
    }

    [Test]
    public void Is_read_as_its_words_say([ValueSource(nameof(Vectors))] GoldenVector vector)
    {
        (string? type, string? id, string? fields) = Words.Describe(vector.Bytes);

        Assert.That((type, id, fields), Is.EqualTo((vector.Message, vector.Id, vector.Fields)));
    }

    [Test]
    public void Every_sample_is_a_vector() =>
        Assert.That(Vectors.Select(vector => vector.Name), Is.EquivalentTo(Samples.Encoded.Keys));

    [Test]
    public void Every_type_has_a_vector() => Assert.That(
        Vectors.Select(vector => vector.Message).Distinct(StringComparer.Ordinal),
        Is.EquivalentTo(Enum.GetNames<MessageType>().Select(Words.Kebab)));
}
