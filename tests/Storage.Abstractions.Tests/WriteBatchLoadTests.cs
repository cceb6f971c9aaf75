using FsCheck;
using FsCheck.Fluent;
using WsStorage.Testing;

namespace WsStorage.Tests;

[TestFixture]
public sealed class WriteBatchLoadTests
{
    private static readonly Gen<byte[]> Field = Gen.Frequency(
        (5, Gen.Choose(0, 5).SelectMany(length => Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf(length))),
        (1, Gen.Choose(100, 200).Select(length => Bytes.Noise(length))));

    private static readonly Arbitrary<WriteBatch> Batches =
        Gen.Choose(0, 5).Zip(Field.Two()).ListOf().Select(parts =>
        {
            var batch = new WriteBatch();
            foreach ((int kind, (byte[] first, byte[] second)) in parts)
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
        }).ToArbitrary();

    [Test]
    public void What_was_packed_is_loaded_as_it_was()
    {
        Properties.Hold(Batches, batch =>
        {
            WriteBatch loaded = new WriteBatch().Put("old", "content").RequireAbsent("old"u8).Load(batch.PackedPreconditions, batch.PackedOperations);
            Assert.That(WriteBatchTests.Show(loaded), Is.EqualTo(WriteBatchTests.Show(batch)));
            Assert.That(loaded.PackedOperations.SequenceEqual(batch.PackedOperations), Is.True);
            Assert.That(loaded.PackedPreconditions.SequenceEqual(batch.PackedPreconditions), Is.True);
            Assert.That(
                (loaded.Count, loaded.PreconditionCount, loaded.ByteCount, loaded.LongestValueBytes),
                Is.EqualTo((batch.Count, batch.PreconditionCount, batch.ByteCount, batch.LongestValueBytes)));
        });
    }

    [Test]
    public void A_batch_cut_short_anywhere_is_refused_or_a_shorter_batch()
    {
        WriteBatch batch = WriteBatchTests.Sample();
        byte[] operations = batch.PackedOperations.ToArray();
        byte[] preconditions = batch.PackedPreconditions.ToArray();
        int[] wholeOperations = [0, 5, 8, 13, 16, 19];
        for (int cut = 0; cut <= operations.Length; cut++)
        {
            AssertLoads([], operations[..cut], wholeOperations.Contains(cut));
        }

        int[] wholePreconditions = [0, 3, 6, 12];
        for (int cut = 0; cut <= preconditions.Length; cut++)
        {
            AssertLoads(preconditions[..cut], [], wholePreconditions.Contains(cut));
        }
    }

    [TestCase("01FF", TestName = "A varint cut short")]
    [TestCase("01FFFFFFFF0F", TestName = "A length of 4 GiB")]
    [TestCase("01FFFFFFFF07", TestName = "A length of 2 GiB")]
    [TestCase("01FFFFFFFFFFFFFFFFFF01", TestName = "A length of all bits")]
    [TestCase("018080808080808080808001", TestName = "A length in eleven bytes")]
    [TestCase("018000", TestName = "A length not in its one form")]
    [TestCase("010161FFFFFFFF07", TestName = "A second length of 2 GiB")]
    [TestCase("02", TestName = "A kind and nothing")]
    [TestCase("0201", TestName = "A length and nothing")]
    public void Hostile_lengths_are_refused(string hex) => AssertLoads([], Bytes.Hex(hex), loads: false);

    [Test]
    public void Unknown_kinds_are_refused()
    {
        for (int kind = 0; kind < 256; kind++)
        {
            byte[] twoFields = [(byte)kind, 0, 0];
            byte[] oneField = [(byte)kind, 0];
            AssertLoads([], twoFields, loads: kind is 1 or 3);
            AssertLoads(twoFields, [], loads: kind == 0x13);
            AssertLoads([], oneField, loads: kind == 2);
            AssertLoads(oneField, [], loads: kind is 0x11 or 0x12);
        }
    }

    [Test]
    public void Whatever_the_bytes_are_they_load_or_are_refused()
    {
        Gen<byte[]> bytes = Gen.Frequency((3, Gen.Choose(0, 4)), (1, Gen.Choose(0x10, 0x14)), (1, Gen.Choose(0, 255)))
            .Select(b => (byte)b).ArrayOf();
        Properties.Hold(
            bytes.Two().ToArbitrary(),
            pair =>
            {
                var batch = new WriteBatch();
                try
                {
                    batch.Load(pair.Item1, pair.Item2);
                    Assert.That(batch.PackedOperations.SequenceEqual(pair.Item2), Is.True);
                }
                catch (FormatException)
                {
                    Assert.That((batch.Count, batch.ByteCount), Is.EqualTo((0, 0)), "a refused batch is left empty");
                }
            },
            cases: 2000);
    }

    [Test]
    public void Keys_over_the_limit_are_refused_when_loaded_too()
    {
        // 65,537 bytes: 81 80 04 as a varint; 65,538: 82 80 04.
        byte[] tooLong = [0x81, 0x80, 0x04, .. new byte[65_537]];
        byte[] farTooLong = [0x82, 0x80, 0x04, .. new byte[65_538]];
        Refused([], [0x02, .. tooLong]);
        Refused([], [0x01, .. tooLong, 0]);
        Refused([], [0x03, .. tooLong, 0]);
        Refused([], [0x03, 0, .. farTooLong]);
        Refused([0x11, .. tooLong], []);
        AssertLoads([], [0x03, 0, .. tooLong], loads: true);

        static void Refused(byte[] preconditions, byte[] operations)
        {
            WriteBatch batch = new WriteBatch().Put("old", "content");
            StorageException exception = Assert.Throws<StorageException>(() => batch.Load(preconditions, operations))!;
            Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.KeyTooLarge));
            Assert.That((batch.Count, batch.ByteCount), Is.EqualTo((0, 0)));
        }
    }

    private static void AssertLoads(byte[] preconditions, byte[] operations, bool loads)
    {
        WriteBatch batch = new WriteBatch().Put("old", "content");
        if (loads)
        {
            batch.Load(preconditions, operations);
            Assert.That(batch.ByteCount, Is.EqualTo(preconditions.Length + operations.Length));
        }
        else
        {
            Assert.That(() => batch.Load(preconditions, operations), Throws.TypeOf<FormatException>());
            Assert.That((batch.Count, batch.PreconditionCount, batch.ByteCount), Is.EqualTo((0, 0, 0)));
        }
    }
}
