using FsCheck;
using FsCheck.Fluent;
using WsStorage.Leases;
using WsStorage.Testing;

namespace WsStorage.Tests;

public class LeaseKeysTests
{
    private static readonly Guid Session = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

    [Test]
    public void The_layout_of_keys_and_records_never_changes()
    {
        Assert.That(ReservedKeys.Prefix.ToArray(), Is.EqualTo((byte[])[0xFF, .. "wsstorage/"u8]));
        Assert.That(LeaseKeys.Record(0xAB), Is.EqualTo((byte[])[0xFF, .. "wsstorage/lease/00000000000000ab"u8]));
        Assert.That(LeaseKeys.Binding(0xAB, "key"u8), Is.EqualTo((byte[])[0xFF, .. "wsstorage/lease/00000000000000ab/key"u8]));
        Assert.That(
            Convert.ToHexString(LeaseKeys.HashOf("abc"u8)),
            Is.EqualTo("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"));
        Assert.That(
            Convert.ToHexString(new LeaseRecord(Session, TimeSpan.FromMilliseconds(0x1234)).Encode()),
            Is.EqualTo("01" + "00112233445566778899AABBCCDDEEFF" + "0000000000001234"));
    }

    [Test]
    public void Reserved_keys_are_in_their_range_and_texts_are_not()
    {
        Assert.That(ReservedKeys.Range.Contains(LeaseKeys.Record(ulong.MaxValue)), Is.True);
        Assert.That(LeaseKeys.Range.Contains(LeaseKeys.Binding(1, Bytes.Noise(100))), Is.True);
        Assert.That(ReservedKeys.Range.Contains(Bytes.Of("\U0010FFFF")), Is.False);
        Assert.That(ReservedKeys.Range.Contains(Bytes.Of("wsstorage/")), Is.False);
    }

    [Test]
    public void A_key_is_read_as_it_was_made() => Properties.Hold(
        (from lease in Properties.Magnitudes.Generator from key in ArbMap.Default.GeneratorFor<byte[]>() select (lease, key)).ToArbitrary(),
        given =>
        {
            Assert.That(LeaseKeys.TryParse(LeaseKeys.Record(given.lease), out ulong id, out ReadOnlyMemory<byte>? bound), Is.True);
            Assert.That((id, bound), Is.EqualTo((given.lease, (ReadOnlyMemory<byte>?)null)));
            Assert.That(LeaseKeys.TryParse(LeaseKeys.Binding(given.lease, given.key), out id, out bound), Is.True);
            Assert.That(id, Is.EqualTo(given.lease));
            Assert.That(bound!.Value.ToArray(), Is.EqualTo(given.key));
        });

    [TestCase("")]
    [TestCase("lease/")]
    [TestCase("lease/00000000000000a")]
    [TestCase("lease/00000000000000AB")]
    [TestCase("lease/000000000000000g")]
    [TestCase("lease/+0000000000000ab")]
    [TestCase("lease/00000000000000abc")]
    [TestCase("lock/00000000000000ab")]
    public void What_is_no_key_of_a_lease_is_not_taken_for_one(string rest)
    {
        byte[] key = [.. ReservedKeys.Prefix, .. Bytes.Of(rest)];
        Assert.That(LeaseKeys.TryParse(key, out _, out _), Is.False);
    }

    [Test]
    public void A_record_is_read_as_it_was_made_and_nothing_else_is()
    {
        var record = new LeaseRecord(Session, TimeSpan.FromDays(30));
        byte[] bytes = record.Encode();
        Assert.That(LeaseRecord.TryDecode(bytes, out LeaseRecord read), Is.True);
        Assert.That(read, Is.EqualTo(record));
        Assert.That(LeaseRecord.TryDecode(bytes.AsSpan(1), out _), Is.False);
        Assert.That(LeaseRecord.TryDecode([.. bytes, 0], out _), Is.False);
        Assert.That(LeaseRecord.TryDecode([2, .. bytes[1..]], out _), Is.False);
        Assert.That(LeaseRecord.TryDecode([.. bytes[..17], 0xFF, .. bytes[18..]], out _), Is.False);
    }
}
