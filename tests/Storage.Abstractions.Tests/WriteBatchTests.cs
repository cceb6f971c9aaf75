using System.Text;
using WsStorage.Testing;

namespace WsStorage.Tests;

[TestFixture]
public sealed class WriteBatchTests
{
    [Test]
    public void The_packed_form_is_frozen()
    {
        // It stands in commit logs, travels on the wire and is hashed.
        WriteBatch batch = Sample();
        Assert.That(Convert.ToHexString(batch.PackedPreconditions), Is.EqualTo("110161" + "120162" + "130163022A2B"));
        Assert.That(Convert.ToHexString(batch.PackedOperations), Is.EqualTo("0101640145" + "020165" + "0301660167" + "030000" + "010000"));
    }

    [Test]
    public void It_counts_what_it_holds()
    {
        WriteBatch batch = Sample();
        Assert.That(batch.Count, Is.EqualTo(5));
        Assert.That(batch.PreconditionCount, Is.EqualTo(3));
        Assert.That(batch.ByteCount, Is.EqualTo(batch.PackedOperations.Length + batch.PackedPreconditions.Length));
        Assert.That(batch.LongestValueBytes, Is.EqualTo(2));
        batch.Put("x"u8, new byte[1000]);
        Assert.That(batch.LongestValueBytes, Is.EqualTo(1000));
        batch.Clear();
        Assert.That((batch.Count, batch.PreconditionCount, batch.ByteCount, batch.LongestValueBytes), Is.EqualTo((0, 0, 0, 0)));
        Assert.That(batch.Operations.MoveNext(), Is.False);
        Assert.That(batch.Preconditions.MoveNext(), Is.False);
    }

    [Test]
    public void What_was_built_is_walked_in_order()
    {
        Assert.That(Show(Sample()), Is.EqualTo(
            "Absent a ''; Present b ''; Equal c '*+'; Put d 'E' ''; Remove e '' ''; RemoveRange f '' 'g'; RemoveRange  '' ''; Put  '' ''; "));
    }

    [Test]
    public void Lengths_around_the_steps_of_the_varint_survive()
    {
        foreach (int length in new[] { 0, 1, 63, 64, 100, 127, 128, 129, 16_383, 16_384, StorageLimits.MaxKeyBytes })
        {
            byte[] key = Bytes.Noise(length);
            byte[] value = Bytes.Noise(length * 2, seed: 2);
            WriteBatch batch = new WriteBatch().RequireEqual(key, value).Put(key, value).Remove(key).RemoveRange(KeyRange.Single(key));
            WriteBatch loaded = new WriteBatch().Load(batch.PackedPreconditions, batch.PackedOperations);
            foreach (WriteBatch each in new[] { batch, loaded })
            {
                BatchOperations operations = each.Operations;
                Assert.That(operations.MoveNext() && operations.Current.Key.SequenceEqual(key) && operations.Current.Value.SequenceEqual(value), Is.True);
                Assert.That(operations.MoveNext() && operations.Current.Key.SequenceEqual(key), Is.True);
                Assert.That(operations.MoveNext() && operations.Current.ToRange() == KeyRange.Single(key), Is.True);
                Assert.That(operations.MoveNext(), Is.False, $"nothing else is in a batch with keys of {length} bytes");
                BatchPreconditions preconditions = each.Preconditions;
                Assert.That(preconditions.MoveNext() && preconditions.Current.HoldsFor(value), Is.True);
                Assert.That(preconditions.MoveNext(), Is.False);
            }
        }
    }

    [Test]
    public void A_key_over_the_limit_is_refused_and_the_batch_stays_as_it_was()
    {
        byte[] longest = new byte[StorageLimits.MaxKeyBytes];
        byte[] tooLong = new byte[StorageLimits.MaxKeyBytes + 1];
        byte[] farTooLong = new byte[StorageLimits.MaxKeyBytes + 2];
        WriteBatch batch = new WriteBatch().Put(longest, default).RemoveRange(KeyRange.Single(longest));
        int before = batch.ByteCount;
        Refused(() => batch.Put(tooLong, default));
        Refused(() => batch.Remove(tooLong));
        Refused(() => batch.RemoveRange(KeyRange.From(tooLong)));
        Refused(() => batch.RemoveRange(KeyRange.Between(default, farTooLong)));
        Refused(() => batch.RequireAbsent(tooLong));
        Refused(() => batch.RequirePresent(tooLong));
        Refused(() => batch.RequireEqual(tooLong, default));
        Assert.That((batch.Count, batch.PreconditionCount, batch.ByteCount), Is.EqualTo((2, 0, before)));

        static void Refused(Action action)
        {
            StorageException exception = Assert.Throws<StorageException>(action)!;
            Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.KeyTooLarge));
            Assert.That(exception.Message, Does.Contain("65536"));
        }
    }

    [Test]
    public void A_precondition_decides_by_kind()
    {
        WriteBatch batch = Sample();
        BatchPreconditions preconditions = batch.Preconditions;
        preconditions.MoveNext();
        Assert.That((preconditions.Current.HoldsForAbsent(), preconditions.Current.HoldsFor("*+"u8)), Is.EqualTo((true, false)));
        preconditions.MoveNext();
        Assert.That((preconditions.Current.HoldsForAbsent(), preconditions.Current.HoldsFor("*+"u8)), Is.EqualTo((false, true)));
        preconditions.MoveNext();
        Assert.That((preconditions.Current.HoldsForAbsent(), preconditions.Current.HoldsFor("*+"u8)), Is.EqualTo((false, true)));
        Assert.That(preconditions.Current.HoldsFor("*"u8), Is.False);
    }

    [Test]
    public void An_operation_gives_its_range()
    {
        BatchOperations operations = new WriteBatch().Put("a", "1").RemoveRange(KeyRange.From(Bytes.Of("b"))).Operations;
        operations.MoveNext();
        Assert.That(operations.Current.ToRange(), Is.EqualTo(KeyRange.Single(Bytes.Of("a"))));
        operations.MoveNext();
        Assert.That(operations.Current.ToRange(), Is.EqualTo(KeyRange.From(Bytes.Of("b"))));
    }

    internal static WriteBatch Sample() => new WriteBatch()
        .RequireAbsent("a"u8).RequirePresent("b"u8).RequireEqual("c"u8, "*+"u8)
        .Put("d"u8, "E"u8).Remove("e"u8).RemoveRange(KeyRange.Between(Bytes.Of("f"), Bytes.Of("g"))).RemoveRange(KeyRange.All).Put(default, default);

    internal static string Show(WriteBatch batch)
    {
        var text = new StringBuilder();
        foreach (BatchPrecondition precondition in batch.Preconditions)
        {
            text.Append($"{precondition.Kind} {Encoding.Latin1.GetString(precondition.Key)} '{Encoding.Latin1.GetString(precondition.Value)}'; ");
        }

        foreach (BatchOperation operation in batch.Operations)
        {
            text.Append($"{operation.Kind} {Encoding.Latin1.GetString(operation.Key)} ");
            text.Append($"'{Encoding.Latin1.GetString(operation.Value)}' '{Encoding.Latin1.GetString(operation.End)}'; ");
        }

        return text.ToString();
    }

    [Test]
    public void A_stamp_goes_with_the_content()
    {
        var stamp = new WriteStamp(Guid.NewGuid(), 7, 3, IsResend: true, IsUnanswered: false);
        var batch = new WriteBatch { Stamp = stamp };

        Assert.That(batch.Put("a", "1").Stamp, Is.EqualTo(stamp));
        Assert.That(batch.Clear().Stamp, Is.Null);
    }

    [Test]
    public void A_write_that_was_not_executed_is_not_applied_and_says_why(
        [Values(StorageErrorCode.OutcomeUnknown, StorageErrorCode.NumberReused, StorageErrorCode.LimitExceeded)] StorageErrorCode code)
    {
        WriteResult result = WriteResult.NotExecuted(code);

        Assert.That((result.Applied, result.FailedPrecondition, result.Error), Is.EqualTo((false, -1, code)));
        StorageException exception = Assert.Throws<StorageException>(() => result.EnsureExecuted())!;
        Assert.That(
            (exception.Code, exception.Outcome),
            Is.EqualTo((code, code == StorageErrorCode.OutcomeUnknown ? WriteOutcome.Unknown : WriteOutcome.NotApplied)));
        Assert.Throws<StorageException>(() => result.EnsureApplied());
    }
}
