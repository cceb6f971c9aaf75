using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace WsStorage.Protocol.Tests;

/// <summary>A message is taken apart from its end, whatever its body holds.</summary>
public sealed class EnvelopeTests
{
    [Test]
    public void Comes_apart_as_it_was_put_together() => Generators.ForAll(
        from body in Generators.Bytes
        from type in Gen.Choose(0, 255).Select(value => (byte)value).Where(value => !RequestId.IsDigit(value))
        from id in Gen.OneOf(Generators.Ids, Gen.Constant(RequestId.None))
        select (body, type, id),
        given =>
        {
            byte[] message = new byte[Envelope.MeasureMessage(given.body.Length, given.id)];
            given.body.CopyTo(message, 0);
            int written = Envelope.WriteTrailer(message.AsSpan(given.body.Length), (MessageType)given.type, given.id);

            bool parsed = Envelope.TryParse(message, out Envelope envelope);

            Assert.That((parsed, written), Is.EqualTo((true, 2 + given.id.Length)));
            Assert.That(envelope.Body.ToArray(), Is.EqualTo(given.body));
            Assert.That(((byte)envelope.Type, envelope.Id), Is.EqualTo((given.type, given.id)));
        });

    [TestCase("\u001F\u0082A", "", "A")]
    [TestCase("\u001F\u0082", "", "")]
    [TestCase("\u001F\u0082\u001F\u0082A", "\u001F\u0082", "A")]
    [TestCase("AAAAAAAAAAAAAAAAAAAA\u001F\u0082A", "AAAAAAAAAAAAAAAAAAAA", "A")]
    [TestCase("\u001F\u00820123456789ABCDE\u001F\u00820123456789ABCDEF", "\u001F\u00820123456789ABCDE", "0123456789ABCDEF")]
    public void Is_found_from_the_end(string message, string body, string id)
    {
        bool parsed = Envelope.TryParse(Encoding.Latin1.GetBytes(message), out Envelope envelope);

        Assert.That(parsed, Is.True);
        Assert.That(Encoding.Latin1.GetString(envelope.Body), Is.EqualTo(body));
        Assert.That((envelope.Type, envelope.Id.ToString()), Is.EqualTo((MessageType.Get, id)));
    }

    [TestCase("")]
    [TestCase("A")]
    [TestCase("AAAAAAAAAAAAAAAAAAAA")]
    [TestCase("\u0082A")]
    [TestCase("\u001F")]
    [TestCase("\u001FA")]
    [TestCase("\u001E\u0082A")]
    [TestCase("\u001F\u0082A=")]
    [TestCase("\u001F\u0082A-")]
    [TestCase("\u001F\u0082A\n")]
    [TestCase("\u001F\u00820123456789ABCDEFG")]
    [TestCase("\u001F0123456789ABCDEFG")]
    [TestCase("body\u001F\u00820123456789ABCDEF0123456789ABCDEF")]
    public void Without_a_trailer_there_is_no_message(string message) =>
        Assert.That(Envelope.TryParse(Encoding.Latin1.GetBytes(message), out _), Is.False);

    [Test]
    public void Any_bytes_are_a_message_or_refused() => Generators.ForAll(
        Generators.Bytes,
        bytes =>
        {
            if (Envelope.TryParse(bytes, out Envelope envelope))
            {
                Assert.That(Envelope.MeasureMessage(envelope.Body.Length, envelope.Id), Is.EqualTo(bytes.Length));
            }
        });

    [Test]
    public void A_message_too_long_to_be_addressed_is_an_overflow() =>
        Assert.That(() => Envelope.MeasureMessage(int.MaxValue - 2, RequestId.FromNumber(0)), Throws.TypeOf<OverflowException>());
}
