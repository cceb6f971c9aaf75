using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Opening;

namespace WsStorage.RocksDb.Tests;

/// <summary>What RocksDB's statuses become.</summary>
public sealed class NativeErrorTests
{
    [TestCase("IO error: No space left on device: While appending to file: /d/000004.log: No space left on device", StorageErrorCode.DiskFull)]
    [TestCase("IO error: While appending to file: /d/000004.log: Disk quota exceeded", StorageErrorCode.DiskFull)]
    [TestCase("IO error: While fsync: /d/000004.log: Input/output error", StorageErrorCode.IOError)]
    [TestCase("IO error: While lock file: /d/LOCK: Resource temporarily unavailable", StorageErrorCode.Locked)]
    [TestCase("IO error: lock hold by current process, acquire time 1 acquiring thread 2: /d/LOCK: No locks available", StorageErrorCode.Locked)]
    [TestCase("IO error: No such file or directory: While open a file for random read: /d/000009.sst: No such file or directory", StorageErrorCode.IOError)]
    [TestCase("Corruption: block checksum mismatch", StorageErrorCode.Corrupt)]
    [TestCase("Corruption: Unknown Footer version. Maybe this file was created with newer version of RocksDB?", StorageErrorCode.UnsupportedVersion)]
    [TestCase("Invalid argument: a.comparator: does not match existing comparator b", StorageErrorCode.InvalidArgument)]
    [TestCase("Invalid argument: /d: does not exist (create_if_missing is false)", StorageErrorCode.NotFound)]
    [TestCase("Not implemented: Not supported operation in read only mode.", StorageErrorCode.Unsupported)]
    [TestCase("Shutdown in progress: ", StorageErrorCode.Closed)]
    [TestCase("Something else", StorageErrorCode.Internal)]
    public void A_status_has_a_code(string status, StorageErrorCode code) =>
        Assert.That(NativeError.Classify(status), Is.EqualTo(code));

    [Test]
    public void An_error_says_what_failed_why_and_what_became_of_the_write()
    {
        StorageException e = NativeError.ToException("IO error: No space left on device: x", "The write failed", WriteOutcome.Unknown);
        Assert.That(e.Message, Is.EqualTo("The write failed: IO error: No space left on device: x. The disk is full: free some space."));
        Assert.That(e.Outcome, Is.EqualTo(WriteOutcome.Unknown));
    }

    [Test]
    public void A_failed_opening_names_the_directory() =>
        Assert.That(OpeningFailure.ToException("Corruption: x", "/data/store").Message, Does.Contain("/data/store").And.Contain("checkpoint"));
}
