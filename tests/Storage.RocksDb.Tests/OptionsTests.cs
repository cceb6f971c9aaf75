namespace WsStorage.RocksDb.Tests;

/// <summary>Options that make no sense.</summary>
public sealed class OptionsTests
{
    private static readonly RocksDbOptions Default = new();

    private static IEnumerable<TestCaseData> Bad()
    {
        yield return Of(Default with { Durability = Durability.Volatile }, "Durability");
        yield return Of(Default with { CommitLogBytes = -1 }, "CommitLogBytes");
        yield return Of(Default with { CommitLogBytes = 1000 }, "CommitLogBytes");
        yield return Of(Default with { CommitLogAge = TimeSpan.Zero }, "CommitLogAge");
        yield return Of(Default with { CommitLogAge = TimeSpan.MaxValue }, "CommitLogAge");
        yield return Of(Default with { CommitLogMaxBytes = Default.CommitLogBytes - 1 }, "CommitLogMaxBytes");
        yield return Of(Default with { CommitLogBytes = 0, CommitLogAge = TimeSpan.FromDays(1) }, "CommitLogAge");
        yield return Of(Default with { CommitLogBytes = 0, CommitLogMaxBytes = 1 }, "CommitLogMaxBytes");
        yield return Of(Default with { SessionRetention = TimeSpan.Zero }, "SessionRetention");
        yield return Of(Default with { WatchTailBytes = 1000 }, "WatchTailBytes");
        yield return Of(Default with { MaxPendingBytes = 0 }, "MaxPendingBytes");
        yield return Of(Default with { MaxCheckpoints = -1 }, "MaxCheckpoints");
        yield return Of(Default with { MaxCheckpoints = 1001 }, "MaxCheckpoints");
        yield return Of(Default with { CheckpointRetention = TimeSpan.Zero }, "CheckpointRetention");
        yield return Of(Default with { BlockCacheBytes = -1 }, "BlockCacheBytes");
        yield return Of(Default with { BlockCacheBytes = 0, CacheIndexAndFilters = true }, "CacheIndexAndFilters");
        yield return Of(Default with { WriteBufferBytes = 1 }, "WriteBufferBytes");
        yield return Of(Default with { MaxWriteBuffers = 1 }, "MaxWriteBuffers");
        yield return Of(Default with { BlockBytes = 1 }, "BlockBytes");
        yield return Of(Default with { BloomBitsPerKey = -1 }, "BloomBitsPerKey");
        yield return Of(Default with { MaxBackgroundJobs = 0 }, "MaxBackgroundJobs");
        yield return Of(Default with { MaxOpenFiles = -2 }, "MaxOpenFiles");
        yield return Of(Default with { ScanReadaheadBytes = -1 }, "ScanReadaheadBytes");
        yield return Of(Default with { Compression = (RocksDbCompression)9 }, "Compression");
        yield return Of(Default with { Limits = new StorageLimits(0, 1) }, "MaxValueBytes");
        yield return Of(Default with { ReadOnly = true, Durability = Durability.Buffered }, "ReadOnly");

        static TestCaseData Of(RocksDbOptions options, string name) => new TestCaseData(options, name).SetArgDisplayNames(name);
    }

    [Test]
    public void The_defaults_are_valid() => Assert.That(Default.Validate, Throws.Nothing);

    [TestCase(0L, 4L << 30)]
    [TestCase(1L << 20, 4L << 30)]
    [TestCase(1L << 30, 4L << 30)]
    [TestCase(2L << 30, 8L << 30)]
    [TestCase(long.MaxValue, long.MaxValue)]
    public void What_followers_can_hold_follows_what_is_kept(long commitLogBytes, long maxBytes)
    {
        RocksDbOptions options = Default with { CommitLogBytes = commitLogBytes };
        Assert.That(options.CommitLogMaxBytes, Is.EqualTo(maxBytes));
        Assert.That(options.Validate, Throws.Nothing);
    }

    [TestCaseSource(nameof(Bad))]
    public void What_makes_no_sense_is_refused_by_name(RocksDbOptions options, string name)
    {
        StorageException e = Assert.Throws<StorageException>(options.Validate)!;
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(e.Message, Does.Contain(name));
    }
}
