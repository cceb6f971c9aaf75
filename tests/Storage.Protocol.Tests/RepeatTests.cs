using FsCheck;
using FsCheck.Fluent;
using WsStorage.Protocol.Messages;

namespace WsStorage.Protocol.Tests;

/// <summary>Messages that are the same but for their id are written once in a pack, and mean the same as if each was.</summary>
public sealed class RepeatTests
{
    // Few revisions, some of which share a place; few contents, some of which begin alike; few watches.
    private static readonly Gen<(ulong Revision, byte[] Value, bool Previous, RequestId Id)> Told =
        from revision in Gen.Elements(1UL, 2UL, 3UL, 4UL, 5UL, 513UL, 1025UL)
        from value in Gen.Elements<byte[]>([], [1], [1, 2], [2])
        from previous in Gen.Frequency((3, Gen.Constant(false)), (1, Gen.Constant(true)))
        from id in Gen.Elements("A", "B", "abc", "0123456789+/")
        select (revision, value, previous, Samples.Id(id));

    [Test]
    public void A_pack_with_repeats_means_what_one_without_does() => Generators.ForAll(
        Told.ListOf(200),
        told =>
        {
            using var pack = new PackBuffer(MessageType.ServerPack);
            using var plain = new PackBuffer(MessageType.ServerPack);
            foreach ((ulong revision, byte[] value, bool previous, RequestId id) in told)
            {
                Add(pack, Batch(revision, value, previous), id);
                plain.Append(Batch(revision, value, previous), id);
            }

            Assert.That(Expand(pack), Is.EqualTo(Expand(plain)));
            Assert.That(pack.ByteCount, Is.LessThanOrEqualTo(plain.ByteCount));
        });

    [Test]
    public void A_run_of_messages_is_one_repeat_however_long([Values(1, 2, 127, 128, 300)] int count)
    {
        using var pack = new PackBuffer(MessageType.ServerPack);
        foreach (string id in new[] { "A", "B", "C" })
        {
            for (int i = 0; i < count; i++)
            {
                Add(pack, Batch((ulong)i, [(byte)i]), Samples.Id(id));
            }
        }

        Assert.That(pack.Count, Is.EqualTo(count + 2));
        List<string> told = Expand(pack);
        Assert.That(told.Take(count).Select(each => each[1..]), Is.EqualTo(told.Skip(2 * count).Select(each => each[1..])));
        Assert.That(told.Skip(count).Take(count), Has.All.StartsWith("B"));
    }

    [Test]
    public void A_run_is_begun_anew_after_another_message_and_after_a_gap()
    {
        using var pack = new PackBuffer(MessageType.ServerPack);
        for (ulong i = 1; i <= 4; i++)
        {
            Add(pack, Batch(i, [1]), Samples.Id("A"));
        }

        Add(pack, Batch(1, [1]), Samples.Id("B"));
        pack.Append(new EmptyMessage(MessageType.KeepHistoryReply), Samples.Id("Z"));
        Add(pack, Batch(2, [1]), Samples.Id("B"));
        Add(pack, Batch(4, [1]), Samples.Id("B"));
        Add(pack, Batch(4, [1]), Samples.Id("C"));

        Assert.That(pack.Count, Is.EqualTo(9));
        Assert.That(Expand(pack).Where(each => each[0] == 'B'), Has.Exactly(3).Items);
    }

    [Test]
    public void What_only_looks_the_same_is_written()
    {
        using var pack = new PackBuffer(MessageType.ServerPack);
        Add(pack, Batch(7, [1, 2]), Samples.Id("A"));

        Assert.That(pack.TryRepeat(Batch(7, [1]), Samples.Id("B")), Is.False, "other operations");
        Assert.That(pack.TryRepeat(Batch(7, [1, 2], previous: true), Samples.Id("B")), Is.False, "previous values");
        Assert.That(pack.TryRepeat(Batch(519, [1, 2]), Samples.Id("B")), Is.False, "another revision");
        Assert.That(pack.TryRepeat(Batch(7, [1, 2], hash: 9), Samples.Id("B")), Is.False, "another hash");
        Assert.That(pack.TryRepeat(Batch(7, [1, 2]), Samples.Id("B")), Is.True);
    }

    [Test]
    public void A_pack_that_is_emptied_has_nothing_to_repeat([Values] bool disposed)
    {
        var pack = new PackBuffer(MessageType.ServerPack);
        Add(pack, Batch(1, [1]), Samples.Id("A"));
        Add(pack, Batch(1, [1]), Samples.Id("B"));
        if (disposed)
        {
            pack.Dispose();
        }
        else
        {
            pack.Clear();
        }

        Assert.That(pack.TryRepeat(Batch(1, [1]), Samples.Id("C")), Is.False);
        Add(pack, Batch(2, [1]), Samples.Id("A"));
        Assert.That(pack.ToMessage().ToArray(), Is.EqualTo(Samples.Encode(Batch(2, [1]), "A")));
        pack.Dispose();
    }

    [Test]
    public void Repeats_do_not_make_a_pack_longer_than_the_largest()
    {
        using var pack = new PackBuffer(MessageType.ServerPack);
        Add(pack, Batch(1, [1]), Samples.Id("A"));
        ulong id = 0;
        while (pack.TryRepeat(Batch(1, [1]), RequestId.FromNumber(ulong.MaxValue - id++)))
        {
        }

        Assert.That(pack.ToMessage().Length, Is.LessThanOrEqualTo(ProtocolConstants.MaxPackBytes).And.GreaterThan(59 * 1024));
    }

    [Test]
    public void A_repeat_repeats_something_that_is_before_it()
    {
        Refusal.Assert(() => RepeatMessage.Read([1, 0]), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => RepeatMessage.Read([0, 0]), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => RepeatMessage.Read([1, 2]), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => RepeatMessage.Read([2, 2, 0]), StorageErrorCode.ProtocolError);
        Assert.That(RepeatMessage.Read([2, 2]), Is.EqualTo(new RepeatMessage(2, 2)));
    }

    private static void Add(PackBuffer pack, WatchBatchMessage batch, RequestId id)
    {
        if (!pack.TryRepeat(batch, id))
        {
            pack.AppendRepeatable(batch, id);
        }
    }

    private static WatchBatchMessage Batch(ulong revision, byte[] value, bool previous = false, ulong hash = 5) => new(
        new Position(default, new Revision(revision), hash),
        DateTimeOffset.UnixEpoch,
        new WriteBatch().Put("k"u8, value).PackedOperations,
        previous ? "\u0001"u8 : default);

    /// <summary>What a pack tells: an id and what it is told, message by message.</summary>
    private static List<string> Expand(PackBuffer pack)
    {
        var messages = new List<(string Id, string Said)?>();
        var told = new List<string>();
        foreach (ReadOnlyMemory<byte> message in pack.GetMessages())
        {
            Assert.That(Envelope.TryParse(message.Span, out Envelope envelope), Is.True);
            string id = envelope.Id.ToString();
            if (envelope.Type != MessageType.Repeat)
            {
                messages.Add((id, $"{envelope.Type} {Convert.ToHexString(envelope.Body)}"));
                told.Add($"{id} {messages[^1]!.Value.Said}");
                continue;
            }

            RepeatMessage repeat = RepeatMessage.Read(envelope.Body);
            for (int i = 0; i < repeat.Count; i++)
            {
                (string Id, string Said)? repeated = messages[messages.Count - repeat.Back + i];
                Assert.That(repeated, Is.Not.Null, "a repeat is not repeated");
                told.Add($"{id} {repeated!.Value.Said}");
            }

            messages.Add(null);
        }

        return told;
    }
}
