using System.Buffers.Binary;
using System.Numerics;
using WsStorage.Testing;

namespace WsStorage.Core.Tests;

[TestFixture]
public sealed class ChainHashTests
{
    private const string Melville = "Call me Ishmael. Some years ago--never mind how long precisely-";

    [TestCase("", 0ul, 0xEF46DB3751D8E999ul)]
    [TestCase("a", 0ul, 0xD24EC4F1A98C6E5Bul)]
    [TestCase("as", 0ul, 0x1C330FB2D66BE179ul)]
    [TestCase("asd", 0ul, 0x631C37CE72A97393ul)]
    [TestCase("asdf", 0ul, 0x415872F599CEA71Eul)]
    [TestCase("abc", 0ul, 0x44BC2CF5AD770999ul)]
    [TestCase(Melville, 0ul, 0x02A2E85470D6FD96ul)]
    [TestCase("", 123ul, 0xE0DB84DE91F3E198ul)]
    public void Xxh64_gives_the_published_values(string text, ulong seed, ulong expected)
    {
        Assert.That(XxHash64.Hash(Bytes.Of(text), seed), Is.EqualTo(expected));
    }

    [Test]
    public void Xxh64_agrees_with_a_plain_reading_of_its_specification_at_every_length()
    {
        for (int length = 0; length <= 200; length++)
        {
            byte[] data = Bytes.Noise(length, seed: length + 1);
            foreach (ulong seed in new[] { 0ul, 1ul, 0x8000_0000_0000_0000ul, ulong.MaxValue, 0x0123_4567_89AB_CDEFul })
            {
                Assert.That(XxHash64.Hash(data, seed), Is.EqualTo(Xxh64AsSpecified(data, seed)), $"{length} bytes, seed {seed}");
            }
        }
    }

    [Test]
    public void The_chain_is_frozen()
    {
        // Positions are stored and sent: a change here makes every store in the world diverge from itself.
        ulong first = ChainHash.Append(ChainHash.Seed, new Revision(1), new WriteBatch().Put("a", "1").PackedOperations);
        ulong second = ChainHash.Append(first, new Revision(2), new WriteBatch().Remove("a").RemoveRange(KeyRange.All).PackedOperations);
        Assert.That(first, Is.EqualTo(7958757344728534740));
        Assert.That(second, Is.EqualTo(379952622768076088));
    }

    [Test]
    public void The_hash_depends_on_what_came_before_the_revision_and_the_operations()
    {
        byte[] packed = new WriteBatch().Put("a", "1").PackedOperations.ToArray();
        byte[] other = new WriteBatch().Put("a", "2").PackedOperations.ToArray();
        ulong[] hashes =
        [
            ChainHash.Append(0, new Revision(1), packed),
            ChainHash.Append(1, new Revision(1), packed),
            ChainHash.Append(0, new Revision(2), packed),
            ChainHash.Append(0, new Revision(1), other),
        ];
        Assert.That(hashes, Is.Unique);
    }

    /// <summary>XXH64 step by step as its specification words it, with 128-bit arithmetic and no shared code.</summary>
    private static ulong Xxh64AsSpecified(byte[] data, ulong seed)
    {
        const ulong p1 = 11400714785074694791;
        const ulong p2 = 14029467366897019727;
        const ulong p3 = 1609587929392839161;
        const ulong p4 = 9650029242287828579;
        const ulong p5 = 2870177450012600261;
        int at = 0;
        ulong acc;
        if (data.Length < 32)
        {
            acc = Add(seed, p5);
        }
        else
        {
            ulong[] lanes = [Add(Add(seed, p1), p2), Add(seed, p2), seed, Add(seed, ulong.MaxValue - p1 + 1)];
            for (; at + 32 <= data.Length; at += 32)
            {
                for (int lane = 0; lane < 4; lane++)
                {
                    lanes[lane] = Round(lanes[lane], Read(at + (8 * lane), 8));
                }
            }

            acc = Add(Add(Rotate(lanes[0], 1), Rotate(lanes[1], 7)), Add(Rotate(lanes[2], 12), Rotate(lanes[3], 18)));
            foreach (ulong lane in lanes)
            {
                acc = Add(Times(acc ^ Round(0, lane), p1), p4);
            }
        }

        acc = Add(acc, (ulong)data.Length);
        for (; data.Length - at >= 8; at += 8)
        {
            acc = Add(Times(Rotate(acc ^ Round(0, Read(at, 8)), 27), p1), p4);
        }

        if (data.Length - at >= 4)
        {
            acc = Add(Times(Rotate(acc ^ Times(Read(at, 4), p1), 23), p2), p3);
            at += 4;
        }

        for (; at < data.Length; at++)
        {
            acc = Times(Rotate(acc ^ Times(data[at], p5), 11), p1);
        }

        acc = Times(acc ^ (acc >> 33), p2);
        acc = Times(acc ^ (acc >> 29), p3);
        return acc ^ (acc >> 32);

        ulong Read(int offset, int length)
        {
            byte[] padded = new byte[8];
            Array.Copy(data, offset, padded, 0, length);
            return BinaryPrimitives.ReadUInt64LittleEndian(padded);
        }

        static ulong Round(ulong lane, ulong input) => Times(Rotate(Add(lane, Times(input, p2)), 31), p1);
        static ulong Rotate(ulong value, int bits) => (value << bits) | (value >> (64 - bits));
        static ulong Add(ulong x, ulong y) => (ulong)(((UInt128)x + y) & ulong.MaxValue);
        static ulong Times(ulong x, ulong y) => (ulong)(((BigInteger)x * y) & ulong.MaxValue);
    }
}
