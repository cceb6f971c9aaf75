using FsCheck;
using FsCheck.Fluent;
using WsStorage.Protocol.Messages;

namespace WsStorage.Protocol.Tests;

public sealed class PackTests
{
    private const int MaxMessages = 128;

    [Test]
    public void What_goes_in_comes_out_in_order() => Generators.ForAll(
        (from key in Generators.Bytes from id in Generators.Ids select (key, id)).NonEmptyListOf(),
        messages =>
        {
            using var pack = new PackBuffer(MessageType.ClientPack);
            foreach ((byte[] key, RequestId id) in messages)
            {
                pack.Append(new GetRequest(key), id);
            }

            var walked = new List<(byte[], RequestId)>();
            foreach (ReadOnlyMemory<byte> message in pack.GetMessages())
            {
                walked.Add(TakeGet(message));
            }

            Assert.That(walked, Is.EqualTo(messages));
            Assert.That(Split(pack.ToMessage(), MessageType.ClientPack), Is.EqualTo(messages));
            Assert.That(pack.Count, Is.EqualTo(messages.Count));
        });

    [Test]
    public void One_message_goes_bare([Values(0, 1, 127, 128, 20_000)] int length)
    {
        using var pack = new PackBuffer(MessageType.ServerPack);
        byte[] key = new byte[length];
        pack.Append(new GetRequest(key), Samples.Id("B"));

        Assert.That(pack.ToMessage().ToArray(), Is.EqualTo(Samples.Encode(new GetRequest(key), "B")));
    }

    [Test]
    public void Many_messages_end_in_the_trailer_of_the_pack([Values(MessageType.ClientPack, MessageType.ServerPack)] MessageType type)
    {
        using var pack = new PackBuffer(type);
        pack.Append(new EmptyMessage(MessageType.Info), Samples.Id("A"));
        pack.Append(MessageType.Get, "\u0001k"u8, Samples.Id("BC"));

        byte[] expected = [3, 0x1F, 0x81, (byte)'A', 6, 1, (byte)'k', 0x1F, 0x82, (byte)'B', (byte)'C', 0x1F, (byte)type];
        Assert.That(pack.ToMessage().ToArray(), Is.EqualTo(expected));
        Assert.That(pack.ToMessage().ToArray(), Is.EqualTo(expected), "asked twice");
    }

    [Test]
    public void Has_room_for_128_messages()
    {
        using var pack = new PackBuffer(MessageType.ClientPack);
        Assert.That(pack.IsEmpty, Is.True);
        for (int i = 0; i < MaxMessages; i++)
        {
            Assert.That(pack.HasRoomFor(0), Is.True);
            pack.Append(new EmptyMessage(MessageType.Info), RequestId.FromNumber((ulong)i));
        }

        Assert.That(pack.HasRoomFor(0), Is.False);
    }

    [Test]
    public void Is_never_longer_than_the_largest_pack() => Generators.ForAll(
        Gen.Choose(0, 40_000).ListOf(40),
        lengths =>
        {
            using var pack = new PackBuffer(MessageType.ClientPack);
            foreach (int length in lengths)
            {
                byte[] body = new byte[length];
                if (pack.HasRoomFor(body.Length))
                {
                    pack.Append(MessageType.Write, body, Samples.Id("0123456789ABCDEF"));
                }
            }

            Assert.That(pack.ToMessage().Length, Is.LessThanOrEqualTo(ProtocolConstants.MaxPackBytes));
        });

    [Test]
    public void An_empty_one_has_room_for_any_message_and_then_for_no_other()
    {
        using var pack = new PackBuffer(MessageType.ClientPack);
        byte[] large = new byte[200_000];
        Assert.That(pack.HasRoomFor(int.MaxValue), Is.True);

        pack.Append(MessageType.Write, large, Samples.Id("A"));

        Assert.That(pack.HasRoomFor(0), Is.False);
        Assert.That(pack.HasRoomFor(int.MaxValue), Is.False);
        Assert.That(pack.ToMessage().Length, Is.EqualTo(large.Length + 3));
    }

    [Test]
    public void Takes_up_another_only_within_its_bounds()
    {
        using PackBuffer small = Fill(10, 100);
        using PackBuffer many = Fill(MaxMessages - 9, 1);
        using PackBuffer large = Fill(2, 30_300);
        using PackBuffer fits = Fill(MaxMessages - 10, 1);

        Assert.That(small.HasRoomFor(many), Is.False);
        Assert.That(small.HasRoomFor(large), Is.False);
        Assert.That(small.HasRoomFor(fits), Is.True);
        small.Append(fits);
        Assert.That(small.Count, Is.EqualTo(MaxMessages));
        Assert.That(Split(small.ToMessage(), MessageType.ClientPack), Has.Count.EqualTo(MaxMessages));
    }

    [Test]
    public void Can_be_used_again_once_disposed()
    {
        PackBuffer pack = Fill(3, 5000);
        pack.Dispose();
        Assert.That((pack.Count, pack.ByteCount, pack.LongestMessageBytes), Is.EqualTo((0, 0, 0)));

        pack.Append(new GetRequest("k"u8), Samples.Id("C"));

        Assert.That(pack.ToMessage().ToArray(), Is.EqualTo(Samples.Encode(new GetRequest("k"u8), "C")));
        pack.Dispose();
    }

    [Test]
    public void A_message_that_breaks_its_word_is_a_defect([Values(3, 5)] int announced)
    {
        using var pack = new PackBuffer(MessageType.ClientPack);

        Assert.That(() => pack.Append(new Liar(announced), Samples.Id("A")), Throws.InstanceOf<Exception>());
    }

    private static PackBuffer Fill(int count, int keyBytes)
    {
        var pack = new PackBuffer(MessageType.ClientPack);
        for (int i = 0; i < count; i++)
        {
            pack.Append(new GetRequest(new byte[keyBytes]), RequestId.FromNumber((ulong)i));
        }

        return pack;
    }

    private static List<(byte[] Key, RequestId Id)> Split(ReadOnlyMemory<byte> message, MessageType packType)
    {
        Assert.That(Envelope.TryParse(message.Span, out Envelope envelope), Is.True);
        if (envelope.Type == MessageType.Get)
        {
            return [TakeGet(message)];
        }

        Assert.That((envelope.Type, envelope.Id), Is.EqualTo((packType, RequestId.None)));
        var messages = new List<(byte[], RequestId)>();
        foreach (ReadOnlyMemory<byte> packed in new PackReader(message[..envelope.Body.Length]))
        {
            messages.Add(TakeGet(packed));
        }

        return messages;
    }

    private static (byte[] Key, RequestId Id) TakeGet(ReadOnlyMemory<byte> message)
    {
        Assert.That(Envelope.TryParse(message.Span, out Envelope envelope), Is.True);
        Assert.That(envelope.Type, Is.EqualTo(MessageType.Get));
        return (GetRequest.ReadKey(message[..envelope.Body.Length]).ToArray(), envelope.Id);
    }

    private readonly struct Liar(int announced) : IMessage
    {
        public MessageType Type => MessageType.Get;

        public int BodyLength => announced;

        public void WriteBody(ref BodyWriter writer) => writer.WriteBytes("abc"u8);
    }
}
