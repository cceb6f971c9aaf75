using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace WsStorage.Protocol.Tests;

public sealed class RequestIdTests
{
    [TestCase(0UL, "A")]
    [TestCase(1UL, "B")]
    [TestCase(26UL, "a")]
    [TestCase(52UL, "0")]
    [TestCase(62UL, "+")]
    [TestCase(63UL, "/")]
    [TestCase(64UL, "BA")]
    [TestCase(4095UL, "//")]
    [TestCase(4096UL, "BAA")]
    [TestCase(ulong.MaxValue, "P//////////")]
    public void A_number_is_written_in_base_64(ulong number, string digits)
    {
        Assert.That(RequestId.FromNumber(number).ToString(), Is.EqualTo(digits));
        Assert.That((Samples.Id(digits).TryGetNumber(out ulong read), read), Is.EqualTo((true, number)));
    }

    [Test]
    public void Every_number_reads_back() => Generators.ForAll(
        Generators.Numbers,
        number =>
        {
            var id = RequestId.FromNumber(number);

            Assert.That((id.TryGetNumber(out ulong read), read), Is.EqualTo((true, number)));
            Assert.That(id.Length, Is.InRange(1, 11));
        });

    [TestCase("")]
    [TestCase("AA")]
    [TestCase("AB")]
    [TestCase("AAAAAAAAAAA")]
    [TestCase("Q//////////", Description = "2^64 and more")]
    [TestCase("///////////", Description = "2^66 - 1")]
    [TestCase("BAAAAAAAAAAA", Description = "12 digits")]
    [TestCase("0123456789ABCDEF")]
    public void What_no_number_writes_is_no_number(string digits) => Assert.That(Samples.Id(digits).TryGetNumber(out _), Is.False);

    [Test]
    public void Only_the_one_form_of_a_number_is_one() => Generators.ForAll(
        Generators.Ids,
        id =>
        {
            if (id.TryGetNumber(out ulong number))
            {
                Assert.That(RequestId.FromNumber(number), Is.EqualTo(id));
            }
        });

    [Test]
    public void Digits_read_back() => Generators.ForAll(
        Generators.Ids,
        id =>
        {
            byte[] digits = new byte[id.Length];
            id.CopyTo(digits);

            Assert.That(RequestId.FromDigits(digits), Is.EqualTo(id));
            Assert.That(Encoding.ASCII.GetString(digits), Is.EqualTo(id.ToString()));
        });

    [Test]
    public void Equal_ids_have_equal_digits() => Generators.ForAll(
        Generators.Ids.Two(),
        pair =>
        {
            bool equal = string.Equals(pair.Item1.ToString(), pair.Item2.ToString(), StringComparison.Ordinal);

            Assert.That(pair.Item1 == pair.Item2, Is.EqualTo(equal));
            Assert.That(pair.Item1 != pair.Item2, Is.EqualTo(!equal));
            Assert.That(pair.Item1.GetHashCode(), Is.EqualTo(Samples.Id(pair.Item1.ToString()).GetHashCode()));
        });

    [Test]
    public void The_empty_id_is_none()
    {
        Assert.That(Samples.Id(string.Empty), Is.EqualTo(RequestId.None));
        Assert.That(Samples.Id("A"), Is.Not.EqualTo(RequestId.None));
        Assert.That(RequestId.None.ToString(), Is.Empty);
    }

    [TestCase("0123456789ABCDEFG")]
    [TestCase("A=")]
    [TestCase("A-")]
    [TestCase(" ")]
    [TestCase("\u0000")]
    public void Other_digits_and_more_are_refused(string digits) => Assert.That(() => Samples.Id(digits), Throws.ArgumentException);
}
