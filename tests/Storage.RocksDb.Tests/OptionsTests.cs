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
        yield return Of(Default with { MaxPendingBytes = 0 }, "MaxPendingBytes");
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

    [TestCaseSource(nameof(Bad))]
    public void What_makes_no_sense_is_refused_by_name(RocksDbOptions options, string name)
    {
        StorageException e = Assert.Throws<StorageException>(options.Validate)!;
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(e.Message, Does.Contain(name));
    }
}
