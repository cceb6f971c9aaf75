using FsCheck;
using FsCheck.Fluent;
using WsStorage.Protocol.Messages;

namespace WsStorage.Protocol.Tests;

/// <summary>What is written of watches, sessions and leases is read as it was.</summary>
public sealed class StreamRoundTripTests
{
    private static readonly Gen<TimeSpan> Times = Generators.Counts.Select(milliseconds => TimeSpan.FromMilliseconds(milliseconds));

    private static readonly Gen<KeyRange> Ranges =
        Generators.Bytes.Two().Select(pair => KeyRange.Between(pair.Item1, pair.Item2));

    [Test]
    public void Watch() => Generators.ForAll(
        from range in Ranges
        from after in Gen.OneOf(Generators.Positions.Select(position => (Position?)position), Gen.Constant((Position?)null))
        from flags in Generators.Booleans.Three()
        from interval in Gen.Choose(100, 86_400_000)
        from credit in Generators.Counts
        select (Options: new WatchOptions
        {
            Range = range,
            After = after,
            KeysOnly = flags.Item1,
            PreviousValues = flags.Item2,
            Invalidations = flags.Item3,
            ProgressInterval = TimeSpan.FromMilliseconds(interval),
        }, Credit: credit),
        given =>
        {
            WatchRequest read = WatchRequest.Read(Samples.Body(new WatchRequest(given.Options, given.Credit)));

            Assert.That((read.Options, read.Credit), Is.EqualTo((given.Options, (long)given.Credit)));
        });

    [Test]
    public void Watch_mark() => Generators.ForAll(
        Generators.Positions, position => Assert.That(WatchMarkMessage.Read(Samples.Body(new WatchMarkMessage(position))), Is.EqualTo(position)));

    [Test]
    public void Watch_batch() => Generators.ForAll(
        from position in Generators.Positions
        from milliseconds in Generators.Counts
        from batch in Generators.Batches
        from previous in Generators.Booleans
        select (position, time: DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), batch: batch.Put("k"u8, "v"u8), previous),
        given =>
        {
            byte[] previous = given.previous ? new byte[given.batch.Count] : [];

            WatchBatchMessage read = WatchBatchMessage.Read(
                Samples.Body(new WatchBatchMessage(given.position, given.time, given.batch.PackedOperations, previous)));

            Assert.That(
                (read.Revision, read.Hash, read.CommitTime),
                Is.EqualTo((given.position.Revision, given.position.Hash, given.time)));
            Assert.That(read.Operations.ToArray(), Is.EqualTo(given.batch.PackedOperations.ToArray()));
            Assert.That(read.Previous.ToArray(), Is.EqualTo(previous));
        });

    [Test]
    public void Watch_batch_without_an_operation_or_with_too_few_previous_values_is_malformed()
    {
        byte[] operations = new WriteBatch().Remove("a"u8).Remove("b"u8).PackedOperations.ToArray();

        Refusal.Assert(() => WatchBatchMessage.Read(Samples.Body(new WatchBatchMessage(default, default, [], []))), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => WatchBatchMessage.Read(Samples.Body(new WatchBatchMessage(default, default, operations, [1]))), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => WatchBatchMessage.Read(Samples.Body(new WatchBatchMessage(default, default, operations, [1, 1, 1]))), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => WatchBatchMessage.Read(Samples.Body(new WatchBatchMessage(default, default, operations, [1, 3]))), StorageErrorCode.ProtocolError);
    }

    [Test]
    public void Ranges_to_read_again() => Generators.ForAll(
        Ranges.NonEmptyListOf(),
        ranges =>
        {
            Assert.That(WatchInvalidationMessage.Read(Samples.Body(new WatchInvalidationMessage([.. ranges]))), Is.EqualTo(ranges));
            Assert.That(InvalidateRequest.Read(Samples.Body(new InvalidateRequest([.. ranges]))), Is.EqualTo(ranges));
        });

    [Test]
    public void No_ranges_to_read_again_is_malformed() => Refusal.Assert(() => InvalidateRequest.Read([0]), StorageErrorCode.ProtocolError);

    [Test]
    public void Invalidated() => Generators.ForAll(
        Generators.Counts, watches => Assert.That(InvalidateReply.Read(Samples.Body(new InvalidateReply(watches))), Is.EqualTo(watches)));

    [Test]
    public void Keep_history() => Generators.ForAll(
        from text in Generators.Texts from after in Generators.Revisions from time in Times select (text, after, time),
        given =>
        {
            KeepHistoryRequest read = KeepHistoryRequest.Read(Samples.Body(new KeepHistoryRequest(given.text, given.after, given.time)));

            Assert.That((read.Follower, read.After, read.Duration), Is.EqualTo((given.text, given.after, given.time)));
        });

    [Test]
    public void Numbered_write() => Generators.ForAll(
        from number in Generators.Numbers
        from acknowledged in Generators.Numbers
        from flags in Generators.Booleans.Two()
        from batch in Generators.Batches
        select (stamp: new WriteStamp(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), Math.Max(1, number), acknowledged % Math.Max(1, number), flags.Item1, flags.Item2), batch),
        given =>
        {
            byte[] header = new byte[NumberedWriteRequest.MaxHeaderBytes];
            int length = NumberedWriteRequest.WriteHeader(header, given.stamp);
            var read = new WriteBatch();

            NumberedWriteRequest.Read((byte[])[.. header[..length], .. Samples.Body(new WriteRequest(given.batch))], given.stamp.Session, read);

            Assert.That(read.Stamp, Is.EqualTo(given.stamp));
            Assert.That(read.PackedOperations.ToArray(), Is.EqualTo(given.batch.PackedOperations.ToArray()));
            Assert.That(read.PackedPreconditions.ToArray(), Is.EqualTo(given.batch.PackedPreconditions.ToArray()));
        });

    [Test]
    public void A_write_numbered_zero_or_acknowledged_itself_is_malformed([Values(0UL, 5UL)] ulong number, [Values(5UL, 6UL)] ulong acknowledged)
    {
        byte[] header = new byte[NumberedWriteRequest.MaxHeaderBytes];
        int length = NumberedWriteRequest.WriteHeader(header, new WriteStamp(default, number, acknowledged, false, false));
        byte[] body = [.. header[..length], 0, 0];

        Refusal.Assert(() => NumberedWriteRequest.Read(body, default, new WriteBatch()), StorageErrorCode.ProtocolError);
    }

    [Test]
    public void Numbered_write_replied() => Generators.ForAll(
        Generators.Revisions,
        revision => Assert.That(
            NumberedWriteReply.Read(Samples.Body(new NumberedWriteReply(WriteResult.RefusedAt(revision, 1)))),
            Is.EqualTo(WriteResult.RefusedAt(revision, 1))));

    [Test]
    public void Leases() => Generators.ForAll(
        from lease in Generators.Numbers from time in Times select (lease, time),
        given =>
        {
            ulong chosen = given.lease | 1;
            Assert.That(LeaseGrantRequest.Read(Samples.Body(new LeaseGrantRequest(chosen, given.time))), Is.EqualTo((chosen, given.time)));
            Assert.That(LeaseGrantReply.Read(Samples.Body(new LeaseGrantReply(given.lease, given.time))), Is.EqualTo((given.lease, given.time)));
            Assert.That(LeaseEndRequest.Read(Samples.Body(new LeaseEndRequest(given.lease))), Is.EqualTo(given.lease));
        });

    [Test]
    public void Hello_with_a_client_id() => Generators.ForAll(
        ArbMap.Default.GeneratorFor<Guid>(),
        id => Assert.That(HelloMessage.Read(Samples.Body(new HelloMessage(1, acceptsPacks: true, "name", 100_000, id))).ClientId, Is.EqualTo(id)));
}
