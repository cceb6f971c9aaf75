using FsCheck;
using FsCheck.Fluent;
using WsStorage.Protocol.Messages;

namespace WsStorage.Protocol.Tests;

/// <summary>What is said to compare and to copy a store: read as it was written, and refused where it must be.</summary>
public sealed class CopyingMessageTests
{
    private static readonly Guid Id = new("00112233-4455-6677-8899-aabbccddeeff");

    [Test]
    public void Range_hash() => Generators.ForAll(
        from range in Generators.Bytes.Two()
        from rows in Gen.Choose(1, RangeHashOptions.MaxRowsPerHash)
        from credit in Generators.Counts
        select (Options: new RangeHashOptions { Range = KeyRange.Between(range.Item1, range.Item2), RowsPerHash = rows }, Credit: credit),
        given =>
        {
            RangeHashRequest read = RangeHashRequest.Read(Samples.Body(new RangeHashRequest(given.Options, given.Credit)));

            Assert.That((read.Options, read.Credit), Is.EqualTo((given.Options, (long)given.Credit)));
        });

    [TestCase(0UL)]
    [TestCase(65_537UL)]
    public void Rows_per_hash_out_of_bounds_are_refused(ulong rows) =>
        Refusal.Assert(() => RangeHashRequest.Read([0, 0, .. Varints.Encode(rows), 0]), StorageErrorCode.InvalidArgument);

    [Test]
    public void Range_hash_page() => Generators.ForAll(
        from revision in Generators.Revisions
        from keys in Generators.Bytes.NonEmptyListOf()
        from rows in Generators.Counts
        from hash in Generators.Numbers
        from open in Generators.Booleans
        select (revision, keys, rows, hash, open),
        given =>
        {
            byte[][] ends = [.. given.keys.Where(key => key.Length > 0).Distinct(Keys.Comparer).Order(Keys.Comparer), .. given.open ? [Array.Empty<byte>()] : Array.Empty<byte[]>()];
            if (ends.Length == 0)
            {
                return;
            }

            RangeHash[] hashes = [.. ends.Select((end, i) => new RangeHash(
                given.revision, KeyRange.Between(i == 0 ? [] : ends[i - 1], end), (long)given.rows + i, given.hash))];

            RangeHashPageMessage read = RangeHashPageMessage.Read(
                Samples.Body(new RangeHashPageMessage(given.revision, hashes.Length, Samples.Hashes(hashes))));

            Assert.That(read.Unpack(ReadOnlyMemory<byte>.Empty), Is.EqualTo(hashes));
        });

    [Test]
    public void Ranges_that_do_not_follow_each_other_are_refused()
    {
        Refusal.Assert(() => Unpack("b", "b"), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => Unpack("b", "c", "a"), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => Unpack("b", string.Empty, "c"), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => Unpack("b", string.Empty, string.Empty), StorageErrorCode.ProtocolError);
        Assert.That(Unpack("b", "c", string.Empty), Has.Length.EqualTo(2));

        static RangeHash[] Unpack(string start, params string[] ends)
        {
            RangeHash[] hashes = [.. ends.Select(end => new RangeHash(default, KeyRange.Between(default, System.Text.Encoding.UTF8.GetBytes(end)), 1, 1))];
            return new RangeHashPageMessage(default, hashes.Length, Samples.Hashes(hashes)).Unpack(System.Text.Encoding.UTF8.GetBytes(start));
        }
    }

    [Test]
    public void A_page_without_hashes_or_of_keys_too_long_is_refused()
    {
        byte[] tooLong = new byte[StorageLimits.MaxKeyBytes + 2];
        byte[] hashes = Samples.Hashes(new RangeHash(default, KeyRange.Between(default, tooLong), 1, 1));

        Refusal.Assert(() => RangeHashPageMessage.Read([42, 0, 0]), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => RangeHashPageMessage.Read(Samples.Body(new RangeHashPageMessage(default, 1, hashes))), StorageErrorCode.ProtocolError);
    }

    [Test]
    public void Checkpoint() => Generators.ForAll(
        from position in Generators.Positions
        from format in Generators.Texts
        from lengths in Generators.Counts.ListOf()
        select new CheckpointInfo
        {
            Id = Id,
            Format = format,
            Position = position,
            Files = [.. lengths.Select((length, i) => new CheckpointFile($"{i:d6}.sst", (long)length << 20))],
        },
        info =>
        {
            CheckpointInfo read = CheckpointReply.Read(Samples.Body(new CheckpointReply(info)));

            Assert.That((read.Id, read.Format, read.Position), Is.EqualTo((info.Id, info.Format, info.Position)));
            Assert.That(read.Files, Is.EqualTo(info.Files));
        });

    [TestCase("..")]
    [TestCase(".")]
    [TestCase("../x")]
    [TestCase("a/b")]
    [TestCase("a\\b")]
    [TestCase("C:x")]
    [TestCase("")]
    [TestCase("-rf")]
    [TestCase("ä")]
    [TestCase("a\0")]
    public void A_file_whose_name_could_lead_elsewhere_is_refused(string name)
    {
        var info = new CheckpointInfo { Id = Id, Format = "f", Position = default, Files = [new CheckpointFile(name, 1), new CheckpointFile("CURRENT", 1)] };

        Refusal.Assert(() => CheckpointReply.Read(Samples.Body(new CheckpointReply(info))), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => CheckpointReadRequest.Read(Samples.Body(new CheckpointReadRequest(Id, name, 0, 1))), StorageErrorCode.NotFound);
    }

    [Test]
    public void Too_many_files_and_too_many_bytes_of_them_are_refused()
    {
        var most = new CheckpointFile[CheckpointReply.MaxFiles];
        Array.Fill(most, new CheckpointFile("a", 1));

        Assert.That(Read(most).ByteCount, Is.EqualTo(CheckpointReply.MaxFiles));
        Refusal.Assert(() => Read([.. most, most[0]]), StorageErrorCode.ProtocolError);
        Refusal.Assert(() => Read([new CheckpointFile("a", long.MaxValue), new CheckpointFile("b", 1)]), StorageErrorCode.ProtocolError);
        Assert.That(Read([new CheckpointFile("a", long.MaxValue)]).ByteCount, Is.EqualTo(long.MaxValue));

        static CheckpointInfo Read(CheckpointFile[] files) => CheckpointReply.Read(
            Samples.Body(new CheckpointReply(new CheckpointInfo { Id = Id, Format = "f", Position = default, Files = files })));
    }

    [Test]
    public void Checkpoint_read() => Generators.ForAll(
        from offset in Generators.Counts from length in Gen.Choose(1, CheckpointInfo.MaxPieceBytes) select (offset: (long)offset << 31, length),
        given =>
        {
            CheckpointReadRequest read = CheckpointReadRequest.Read(Samples.Body(new CheckpointReadRequest(Id, "MANIFEST-1", given.offset, given.length)));

            Assert.That((read.Checkpoint, read.File, read.Offset, read.Length), Is.EqualTo((Id, "MANIFEST-1", given.offset, given.length)));
        });

    [TestCase(0)]
    [TestCase(CheckpointInfo.MaxPieceBytes + 1)]
    public void A_piece_of_no_bytes_or_too_many_is_refused(int length)
    {
        byte[] body = Samples.Body(new CheckpointReadRequest(Id, "CURRENT", 0, length));

        Refusal.Assert(() => CheckpointReadRequest.Read(body), StorageErrorCode.InvalidArgument);
    }

    [Test]
    public void Checkpoint_piece() => Generators.ForAll(
        from hash in Generators.Numbers from bytes in Generators.Bytes select (hash, bytes),
        given =>
        {
            CheckpointPieceReply read = CheckpointPieceReply.Read(Samples.Body(new CheckpointPieceReply(given.hash, given.bytes)));

            Assert.That((read.Hash, read.Bytes.ToArray()), Is.EqualTo((given.hash, given.bytes)));
        });

    [Test]
    public void A_piece_that_nobody_could_have_asked_for_is_refused()
    {
        byte[] bytes = new byte[CheckpointInfo.MaxPieceBytes + 1];

        Refusal.Assert(() => CheckpointPieceReply.Read(Samples.Body(new CheckpointPieceReply(1, bytes))), StorageErrorCode.ProtocolError);
        Assert.That(CheckpointPieceReply.Read(Samples.Body(new CheckpointPieceReply(1, bytes.AsSpan(1)))).Bytes.Length, Is.EqualTo(bytes.Length - 1));
    }

    [Test]
    public void Checkpoint_release() => Generators.ForAll(
        ArbMap.Default.GeneratorFor<Guid>(),
        id => Assert.That(CheckpointReleaseRequest.Read(Samples.Body(new CheckpointReleaseRequest(id))), Is.EqualTo(id)));

    [Test]
    public void Staleness_is_told_in_whole_milliseconds_and_never_as_less()
    {
        Assert.That(Reread(null), Is.Null);
        Assert.That(Reread(TimeSpan.Zero), Is.EqualTo(TimeSpan.Zero));
        Assert.That(Reread(TimeSpan.FromTicks(1)), Is.EqualTo(TimeSpan.FromMilliseconds(1)));
        Assert.That(Reread(TimeSpan.MaxValue), Is.EqualTo(TimeSpan.MaxValue));

        static TimeSpan? Reread(TimeSpan? staleness) => InfoReply.Read(Samples.Body(new InfoReply(new StorageInfo
        {
            Engine = "memory",
            Position = default,
            ApproximateBytes = 0,
            ApproximateKeys = 0,
            Durability = Durability.Volatile,
            Limits = StorageLimits.Default,
            Staleness = staleness,
        }))).Staleness;
    }

    private sealed class Keys : IEqualityComparer<byte[]>, IComparer<byte[]>
    {
        public static Keys Comparer { get; } = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => obj.Length;

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
