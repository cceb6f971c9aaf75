using FsCheck;
using FsCheck.Fluent;
using WsStorage.Protocol.Messages;

namespace WsStorage.Protocol.Tests;

/// <summary>What is written reads back as it was, whatever it holds, to the last byte.</summary>
public sealed class RoundTripTests
{
    [Test]
    public void Hello() => Generators.ForAll(
        from text in Generators.Texts from packs in Generators.Booleans from most in Generators.Counts select (text, packs, most),
        given =>
        {
            HelloMessage read = HelloMessage.Read(Samples.Body(new HelloMessage(1, given.packs, given.text, given.most)));

            Assert.That((read.Version, read.ClientName, read.MaxMessageBytes), Is.EqualTo((1, given.text, given.most)));
            Assert.That(read.AcceptsPacks, Is.EqualTo(given.packs && given.most >= ProtocolConstants.MaxPackBytes));
        });

    [Test]
    public void Welcome() => Generators.ForAll(
        from text in Generators.Texts
        from at in Generators.Positions
        from six in Generators.Counts.ArrayOf(6)
        from once in Generators.Booleans
        from last in Generators.Revisions
        from days in Gen.Choose(0, 10_000)
        select (text, at, six, session: new SessionFacts(once, last.Value, TimeSpan.FromDays(days))),
        given =>
        {
            int[] six = given.six;
            var limits = new SessionLimits(six[0], six[1], six[2], six[3], six[4], six[5]);

            WelcomeMessage read = WelcomeMessage.Read(Samples.Body(new WelcomeMessage(given.text, limits, given.at, given.session)));

            Assert.That(
                (read.ServerName, read.Limits, read.Position, read.Session),
                Is.EqualTo((given.text, limits, given.at, given.session)));
        });

    [Test]
    public void Info() => Generators.ForAll(
        from text in Generators.Texts
        from at in Generators.Positions
        from compacted in Generators.Revisions
        from six in Generators.Counts.ArrayOf(6)
        from durability in Gen.Elements(Durability.Volatile, Durability.Buffered, Durability.Synced)
        from readOnly in Generators.Booleans
        from staleness in Gen.OneOf(Generators.Counts.Select(ms => (TimeSpan?)TimeSpan.FromMilliseconds(ms)), Gen.Constant((TimeSpan?)null))
        select new StorageInfo
        {
            Engine = text,
            Position = at,
            CompactedRevision = compacted,
            ApproximateBytes = (long)six[0] << 31,
            ApproximateKeys = six[1],
            Durability = durability,
            IsReadOnly = readOnly,
            Limits = new StorageLimits(six[2], six[3]),
            HistoryBytes = (long)six[4] << 31,
            FollowerCount = six[5],
            Staleness = staleness,
        },
        info => Assert.That(InfoReply.Read(Samples.Body(new InfoReply(info))), Is.EqualTo(info)));

    [Test]
    public void Get() => Generators.ForAll(
        Generators.Bytes, key => Assert.That(GetRequest.ReadKey(Samples.Body(new GetRequest(key))).ToArray(), Is.EqualTo(key)));

    [Test]
    public void Get_replied() => Generators.ForAll(
        from revision in Generators.Revisions from found in Generators.Booleans from value in Generators.Bytes select (revision, found, value),
        given =>
        {
            GetReply read = GetReply.Read(Samples.Body(new GetReply(given.revision, given.found, given.value)));

            Assert.That((read.Revision, read.Found), Is.EqualTo((given.revision, given.found)));
            Assert.That(read.Value.ToArray(), Is.EqualTo(given.found ? given.value : []));
        });

    [Test]
    public void Get_many() => Generators.ForAll(
        Generators.Bytes.ArrayOf(),
        keys => Assert.That(
            GetManyRequest.ReadKeys(Samples.Body(new GetManyRequest(Array.ConvertAll(keys, key => (ReadOnlyMemory<byte>)key))))
                .Select(key => key.ToArray()),
            Is.EqualTo(keys)));

    [Test]
    public void Get_many_replied() => Generators.ForAll(
        from revision in Generators.Revisions
        from values in Gen.OneOf(Generators.Bytes.Select(value => (byte[]?)value), Gen.Constant((byte[]?)null)).ArrayOf()
        select (revision, values),
        given =>
        {
            GetManyResult read = GetManyReply.Read(Samples.Body(new GetManyReply(given.revision, given.values)));

            Assert.That(read.Revision, Is.EqualTo(given.revision));
            Assert.That(read.Values, Is.EqualTo(given.values));
        });

    [Test]
    public void Write() => Generators.ForAll(
        Generators.Batches,
        batch =>
        {
            WriteBatch read = new WriteBatch().Put("left"u8, "over"u8);

            WriteRequest.Read(Samples.Body(new WriteRequest(batch)), read);

            Assert.That(read.PackedOperations.ToArray(), Is.EqualTo(batch.PackedOperations.ToArray()));
            Assert.That(read.PackedPreconditions.ToArray(), Is.EqualTo(batch.PackedPreconditions.ToArray()));
            Assert.That(
                (read.Count, read.PreconditionCount, read.LongestValueBytes),
                Is.EqualTo((batch.Count, batch.PreconditionCount, batch.LongestValueBytes)));
        });

    [Test]
    public void Written() => Generators.ForAll(
        from revision in Generators.Revisions from failed in Generators.Counts from applied in Generators.Booleans select (revision, failed, applied),
        given =>
        {
            WriteResult result = given.applied
                ? WriteResult.AppliedAt(given.revision)
                : WriteResult.RefusedAt(given.revision, Math.Min(given.failed, int.MaxValue - 1));

            Assert.That(WriteReply.Read(Samples.Body(new WriteReply(result))), Is.EqualTo(result));
        });

    [Test]
    public void Scan() => Generators.ForAll(
        from range in Generators.Bytes.Two()
        from flags in Generators.Booleans.Two()
        from limit in Gen.OneOf(Generators.Counts.Select(limit => 1L + limit), Gen.Constant(long.MaxValue), Gen.Constant(long.MaxValue - 1))
        from page in Gen.Choose(1024, 1 << 20)
        from credit in Generators.Counts
        select (Options: new ScanOptions
        {
            Range = KeyRange.Between(range.Item1, range.Item2),
            Reverse = flags.Item1,
            KeysOnly = flags.Item2,
            Limit = limit,
            PageBytes = page,
        }, Credit: credit),
        given =>
        {
            ScanRequest read = ScanRequest.Read(Samples.Body(new ScanRequest(given.Options, given.Credit)));

            Assert.That((read.Options, read.Credit), Is.EqualTo((given.Options, (long)given.Credit)));
        });

    [Test]
    public void Credit() => Generators.ForAll(
        Generators.Counts, bytes => Assert.That(CreditMessage.Read(Samples.Body(new CreditMessage(bytes))), Is.EqualTo(bytes)));

    [Test]
    public void Scan_page() => Generators.ForAll(
        from revision in Generators.Revisions from rows in Generators.Bytes.Two().NonEmptyListOf() select (revision, rows),
        given =>
        {
            byte[] rows = [.. given.rows.SelectMany(row => (byte[])[.. Field(row.Item1), .. Field(row.Item2)])];

            ScanPageMessage read = ScanPageMessage.Read(Samples.Body(new ScanPageMessage(given.revision, given.rows.Count, rows)));

            Assert.That((read.Revision, read.Count), Is.EqualTo((given.revision, given.rows.Count)));
            Assert.That(read.Rows.ToArray(), Is.EqualTo(rows));
        });

    [Test]
    public void End([Values] bool cancelled) =>
        Assert.That(EndMessage.Read(Samples.Body(new EndMessage(cancelled))).Cancelled, Is.EqualTo(cancelled));

    [Test]
    public void Error() => Generators.ForAll(
        from code in Gen.Choose(0, 255) from outcome in Gen.Choose(0, 2) from text in Generators.Texts select (code, outcome, text),
        given =>
        {
            ErrorReply read = ErrorReply.Read(Samples.Body(new ErrorReply((StorageErrorCode)given.code, (WriteOutcome)given.outcome, given.text)));

            Assert.That(((int)read.Code, (int)read.Outcome, read.Message), Is.EqualTo((given.code, given.outcome, given.text)));
        });

    [Test]
    public void An_error_becomes_the_exception_that_it_was()
    {
        var exception = new StorageException(StorageErrorCode.DiskFull, "The disk is full.", WriteOutcome.Unknown);

        StorageException read = ErrorReply.Read(Samples.Body(ErrorReply.From(exception))).ToException();

        Assert.That((read.Code, read.Outcome, read.Message), Is.EqualTo((exception.Code, exception.Outcome, exception.Message)));
    }

    private static byte[] Field(byte[] bytes) => [.. Varints.Encode((ulong)bytes.Length), .. bytes];
}
