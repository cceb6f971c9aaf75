using WsStorage.Testing;

namespace WsStorage.Replica.Tests;

[TestFixture]
public sealed class FileBootstrapTests : ReplicaTest
{
    private CheckpointSource _checkpoints = null!;
    private CheckpointCopies _copies = null!;

    [SetUp]
    public async Task OpenCheckpoints()
    {
        _checkpoints = new CheckpointSource(Source);
        _copies = new CheckpointCopies(Copies);
        Options = Options with { Bootstrap = BootstrapMode.Files };
        await LargeFillAsync();
    }

    [TearDown]
    public async Task CloseCheckpoints()
    {
        await _copies.DisposeAsync();
        await _checkpoints.DisposeAsync();
    }

    [Test]
    public async Task A_copy_is_made_of_files_and_follows_from_there()
    {
        ReplicaStorage replica = OpenOfFiles();
        await replica.WaitUntilLiveAsync(Deadline);
        await FillAsync(5);
        await AssertEqualAsync(replica);
        ReplicaStatus status = replica.Status;
        Assert.That(status.BootstrappedBy, Is.EqualTo(BootstrapKind.Files));
        Assert.That(status.Bytes, Is.EqualTo(status.ExpectedBytes).And.GreaterThan(4 << 20));
        Assert.That(_checkpoints.Pinned, Is.Zero, "it is released");
    }

    [Test]
    public async Task An_interrupted_receipt_goes_on_where_it_was_killed_or_not([Values] bool kills)
    {
        int pieces = 0;
        var third = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _checkpoints.BeforePiece = () =>
        {
            if (++pieces % 5 != 0)
            {
                return ValueTask.CompletedTask;
            }

            third.TrySetResult();
            throw FaultySource.Lost();
        };
        ReplicaStorage replica = OpenOfFiles();
        if (kills)
        {
            await third.Task.WaitAsync(Deadline);
            await replica.DisposeAsync();
            await FillAsync(5, "meanwhile");
            replica = OpenOfFiles();
        }

        await replica.WaitUntilLiveAsync(Deadline);
        await AssertEqualAsync(replica);
        Assert.That(_checkpoints.Made, Is.EqualTo(1));
    }

    [Test]
    public async Task A_checkpoint_that_can_not_be_received_is_released()
    {
        int failures = 3;
        _copies.BeforeReceipt = () => --failures >= 0
            ? throw new StorageException(StorageErrorCode.DiskFull, "The disk is full, by a test.")
            : ValueTask.CompletedTask;
        _checkpoints.BeforePiece = () =>
        {
            Assert.That(_checkpoints.Pinned, Is.EqualTo(1), "only the one that is received");
            return ValueTask.CompletedTask;
        };
        ReplicaStorage replica = OpenOfFiles();
        await replica.WaitUntilLiveAsync(Deadline);
        await AssertEqualAsync(replica);
        Assert.That((_checkpoints.Made, _checkpoints.Pinned), Is.EqualTo((4, 0)));
    }

    [Test]
    public async Task Rows_are_read_when_the_files_are_none_that_can_be_received()
    {
        Options = Options with { Bootstrap = BootstrapMode.Auto, MinFilesBytes = 1 };
        _copies.BeforeReceipt = () => throw StorageException.InvalidArgument("A file has no name that can be received, by a test.");
        ReplicaStorage replica = OpenOfFiles();
        await replica.WaitUntilLiveAsync(Deadline);
        await AssertEqualAsync(replica);
        Assert.That(replica.Status.BootstrappedBy, Is.EqualTo(BootstrapKind.Rows));
        Assert.That(_checkpoints.Pinned, Is.Zero);
    }

    [Test]
    public async Task A_checkpoint_whose_receipt_is_dropped_is_released()
    {
        var hold = new TaskCompletionSource();
        var holds = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _checkpoints.BeforePiece = async () =>
        {
            if (holds.TrySetResult())
            {
                await hold.Task;
            }
        };
        ReplicaStorage replica = OpenOfFiles();
        await holds.Task.WaitAsync(Deadline);
        await replica.RebuildAsync(Deadline);
        Assert.That((_checkpoints.Made, _checkpoints.Pinned), Is.EqualTo((2, 0)));
        hold.SetResult();
    }

    [Test]
    public async Task A_checkpoint_that_is_gone_makes_it_begin_anew()
    {
        int pieces = 0;
        _checkpoints.BeforePiece = () =>
        {
            if (++pieces == 4)
            {
                _checkpoints.Forget();
            }

            return ValueTask.CompletedTask;
        };
        ReplicaStorage replica = OpenOfFiles();
        await replica.WaitUntilLiveAsync(Deadline);
        await AssertEqualAsync(replica);
        Assert.That((_checkpoints.Made, replica.Status.Bootstraps), Is.EqualTo((2, 2L)));
    }

    [Test]
    public async Task Files_that_are_demanded_and_can_t_be_had_are_a_problem_and_rows_are_read_where_that_is_allowed()
    {
        _checkpoints.Format = "other";
        ReplicaStorage replica = OpenOfFiles();
        await WaitForStatusAsync(replica, static status => status.Problem is { Code: StorageErrorCode.Unsupported });
        Assert.That(replica.Status.Problem!.Message, Does.Contain("other").And.Contain("fake"));
        await replica.DisposeAsync();
        Options = Options with { Bootstrap = BootstrapMode.Auto, MinFilesBytes = 1 };
        replica = OpenOfFiles();
        await replica.WaitUntilLiveAsync(Deadline);
        await AssertEqualAsync(replica);
        Assert.That(replica.Status.BootstrappedBy, Is.EqualTo(BootstrapKind.Rows));
        Assert.That(_checkpoints.Pinned, Is.Zero);
    }

    [TestCase(1, BootstrapKind.Files)]
    [TestCase(1 << 30, BootstrapKind.Rows)]
    public async Task The_size_decides(long minFilesBytes, BootstrapKind expected)
    {
        Options = Options with { Bootstrap = BootstrapMode.Auto, MinFilesBytes = minFilesBytes };
        ReplicaStorage replica = OpenOfFiles();
        await replica.WaitUntilLiveAsync(Deadline);
        Assert.That(replica.Status.BootstrappedBy, Is.EqualTo(expected));
    }

    [Test]
    public void Files_for_some_ranges_are_refused() =>
        Assert.That(() => (Options with { Ranges = [KeyRange.Prefix("a")] }).Validate(), Throws.InstanceOf<StorageException>());

    private ReplicaStorage OpenOfFiles() => Keep(ReplicaStorage.Open(_checkpoints, _copies, Options));

    private async Task LargeFillAsync()
    {
        for (int i = 0; i < 60; i++)
        {
            await Store.PutAsync(Bytes.Numbered("large", i), Bytes.Noise(100_000, i + 1), Deadline);
        }
    }
}
