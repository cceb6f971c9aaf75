using WsStorage.Testing;

namespace WsStorage.Tests;

[TestFixture]
public sealed class VarintTests
{
    [TestCase(0ul, "00")]
    [TestCase(1ul, "01")]
    [TestCase(63ul, "3F")]
    [TestCase(64ul, "40")]
    [TestCase(127ul, "7F")]
    [TestCase(128ul, "8001")]
    [TestCase(300ul, "AC02")]
    [TestCase(16_383ul, "FF7F")]
    [TestCase(16_384ul, "808001")]
    [TestCase(0x7FFF_FFFF_FFFF_FFFFul, "FFFFFFFFFFFFFFFF7F")]
    [TestCase(0x8000_0000_0000_0000ul, "80808080808080808001")]
    [TestCase(ulong.MaxValue, "FFFFFFFFFFFFFFFFFF01")]
    public void A_value_has_its_one_form(ulong value, string hex)
    {
        byte[] buffer = new byte[Varint.MaxLength];
        int written = Varint.Write(buffer, value);
        Assert.That(Convert.ToHexString(buffer, 0, written), Is.EqualTo(hex));
        Assert.That(Varint.TryRead(Bytes.Hex(hex), out ulong read, out int used), Is.True);
        Assert.That((read, used), Is.EqualTo((value, hex.Length / 2)));
    }

    [Test]
    public void Every_value_is_read_back_at_the_length_foretold()
    {
        Properties.Hold(
            Properties.Magnitudes,
            value =>
            {
                byte[] buffer = [.. Enumerable.Repeat((byte)0xAA, Varint.MaxLength + 3)];
                int written = Varint.Write(buffer, value);
                Assert.That(Varint.Length(value), Is.EqualTo(written));
                Assert.That(Varint.TryRead(buffer, out ulong read, out int used), Is.True, "what follows does not matter");
                Assert.That((read, used), Is.EqualTo((value, written)));
                for (int cut = 0; cut < written; cut++)
                {
                    Assert.That(Varint.TryRead(buffer.AsSpan(0, cut), out _, out _), Is.False, "cut short");
                }
            },
            cases: 2000);
    }

    [Test]
    public void Length_is_right_at_the_bounds_of_every_length()
    {
        for (int bits = 1; bits < 64; bits++)
        {
            ulong power = 1UL << bits;
            Assert.That(Varint.Length(power - 1), Is.EqualTo((bits + 6) / 7), $"2^{bits} - 1");
            Assert.That(Varint.Length(power), Is.EqualTo((bits + 7) / 7), $"2^{bits}");
        }

        Assert.That(Varint.Length(0), Is.EqualTo(1));
        Assert.That(Varint.Length(ulong.MaxValue), Is.EqualTo(Varint.MaxLength));
    }

    [TestCase("")]
    [TestCase("80")]
    [TestCase("8000", TestName = "Refused: zero in two bytes")]
    [TestCase("FF00", TestName = "Refused: 127 in two bytes")]
    [TestCase("AC8200", TestName = "Refused: 300 in three bytes")]
    [TestCase("80808080808080808000", TestName = "Refused: zero in ten bytes")]
    [TestCase("FFFFFFFFFFFFFFFFFF02", TestName = "Refused: more than 64 bits")]
    [TestCase("FFFFFFFFFFFFFFFFFF7F", TestName = "Refused: much more than 64 bits")]
    [TestCase("8080808080808080808001", TestName = "Refused: eleven bytes")]
    [TestCase("FFFFFFFFFFFFFFFFFFFFFFFF", TestName = "Refused: no end")]
    public void What_is_not_the_one_form_is_refused(string hex)
    {
        Assert.That(Varint.TryRead(Bytes.Hex(hex), out _, out _), Is.False);
    }
}
