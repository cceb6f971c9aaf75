namespace WsStorage.Testing;

/// <summary>
/// What every storage promises of the hashes of its ranges (<see cref="IRangeHashStorage"/>), as tests. Inherit it and say how
/// the storage is opened.
/// </summary>
public abstract class RangeHashContract
{
    private CancellationTokenSource? _deadline;
    private IStorage? _storage;

    /// <summary>A fresh, empty storage for each test.</summary>
    protected IStorage Storage => _storage!;

    /// <summary>Passed to every operation, so that one that hangs fails its test.</summary>
    protected CancellationToken Deadline => _deadline!.Token;

    /// <summary>Opens a new, empty storage.</summary>
    /// <returns>The storage.</returns>
    protected abstract ValueTask<IStorage> OpenAsync();

    /// <summary>Closes a storage.</summary>
    /// <param name="storage">The storage.</param>
    /// <returns>Completes when it is closed, and what is behind it.</returns>
    protected virtual ValueTask CloseAsync(IStorage storage) => storage.DisposeAsync();

    [SetUp]
    public async Task OpenStorage()
    {
        _deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        _storage = await OpenAsync();
    }

    [TearDown]
    public async Task CloseStorage()
    {
        await CloseAsync(Storage);
        _deadline!.Dispose();
    }

    [Test]
    public async Task Hashes_are_those_of_the_rows_of_a_scan([Values(1, 7, 100, 65_536)] int rowsPerHash)
    {
        await PutAsync(0, 500);
        KeyRange[] ranges =
        [
            KeyRange.All, KeyRange.Prefix("k00001"), KeyRange.From(Key(250)), KeyRange.Between(Key(10), Key(11)),
            KeyRange.Between(Bytes.Of("a"), Bytes.Of("b")), KeyRange.Between(Key(3), Bytes.Of("z")),
        ];
        foreach (KeyRange range in ranges)
        {
            var options = new RangeHashOptions { Range = range, RowsPerHash = rowsPerHash };

            Assert.That(await HashAsync(options), Is.EqualTo(await ComputeAsync(options)), Bytes.Show(range.Start.ToArray()));
        }
    }

    [Test]
    public async Task Large_rows_end_a_range_before_its_count_does()
    {
        for (int i = 0; i < 10; i++)
        {
            await Storage.PutAsync(Key(i), Bytes.Noise(300_000, i), Deadline);
        }

        var options = new RangeHashOptions();
        List<RangeHash> hashes = await HashAsync(options);

        Assert.That(hashes, Is.EqualTo(await ComputeAsync(options)));
        Assert.That(hashes.Select(hash => hash.Rows), Is.EqualTo([4, 4, 2]));
    }

    [Test]
    public async Task Thousands_of_hashes_are_one_walk_at_one_revision()
    {
        await PutAsync(0, 3000);
        var options = new RangeHashOptions { RowsPerHash = 1 };
        List<RangeHash> expected = await ComputeAsync(options);
        List<RangeHash> hashes = [];
        await foreach (RangeHash hash in Storage.HashRangesAsync(options, Deadline))
        {
            if (hashes.Count == 0)
            {
                await Storage.RemoveRangeAsync(KeyRange.All, Deadline);
                await PutAsync(5000, 100);
            }

            hashes.Add(hash);
        }

        Assert.That(hashes, Is.EqualTo(expected));
    }

    [Test]
    public async Task One_row_changes_one_hash()
    {
        await PutAsync(0, 100);
        var options = new RangeHashOptions { RowsPerHash = 10 };
        List<RangeHash> before = await HashAsync(options);
        await Storage.PutAsync(Key(42), Bytes.Of("other"), Deadline);
        List<RangeHash> after = await HashAsync(options);

        Assert.That(after.Select(hash => hash.Range), Is.EqualTo(before.Select(hash => hash.Range)));
        Assert.That(Enumerable.Range(0, 10).Where(i => after[i].Hash != before[i].Hash), Is.EqualTo([4]));
        await Storage.PutAsync(Key(42), Value(42), Deadline);
        Assert.That((await HashAsync(options)).Select(hash => hash.Hash), Is.EqualTo(before.Select(hash => hash.Hash)));
    }

    [Test]
    public async Task Where_there_is_nothing_there_is_one_hash_of_no_rows()
    {
        var range = KeyRange.Between(Bytes.Of("a"), Bytes.Of("b"));
        Revision written = await Storage.PutAsync(Bytes.Of("c"), Bytes.Of("1"), Deadline);

        List<RangeHash> hashes = await HashAsync(new RangeHashOptions { Range = range });

        Assert.That(hashes, Is.EqualTo([new RangeHash(written, range, 0, 0)]));
    }

    [Test]
    public async Task A_range_that_can_hold_nothing_has_no_hash()
    {
        await PutAsync(0, 3);

        Assert.That(await HashAsync(new RangeHashOptions { Range = KeyRange.Between(Key(2), Key(2)) }), Is.Empty);
        Assert.That(await HashAsync(new RangeHashOptions { Range = KeyRange.Between(Key(2), Key(1)) }), Is.Empty);
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(RangeHashOptions.MaxRowsPerHash + 1)]
    public void Rows_per_hash_out_of_bounds_are_refused(int rows) => Assert.That(
        async () => await HashAsync(new RangeHashOptions { RowsPerHash = rows }),
        Throws.InstanceOf<StorageException>().With.Property(nameof(StorageException.Code)).EqualTo(StorageErrorCode.InvalidArgument));

    [Test]
    public async Task A_walk_that_is_cancelled_throws()
    {
        await PutAsync(0, 3000);
        using var cancellation = new CancellationTokenSource();

        await Assert.ThatAsync(
            async () =>
            {
                await foreach (RangeHash hash in Storage.HashRangesAsync(new RangeHashOptions { RowsPerHash = 1 }, cancellation.Token))
                {
                    await cancellation.CancelAsync();
                }
            },
            Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task A_walk_that_is_left_leaves_the_storage_usable()
    {
        await PutAsync(0, 3000);
        for (int i = 0; i < 100; i++)
        {
            await foreach (RangeHash hash in Storage.HashRangesAsync(new RangeHashOptions { RowsPerHash = 1 }, Deadline))
            {
                Assert.That(hash.Range.Start.Length, Is.Zero);
                break;
            }
        }

        Assert.That(await HashAsync(new RangeHashOptions()), Has.Count.EqualTo(3));
    }

    private static byte[] Key(int i) => Bytes.Of($"k{i:d7}");

    private static byte[] Value(int i) => Bytes.Noise(i % 50, i);

    private async Task PutAsync(int first, int count)
    {
        var batch = new WriteBatch();
        for (int i = first; i < first + count; i++)
        {
            batch.Put(Key(i), Value(i));
        }

        await Storage.WriteAsync(batch, Deadline);
    }

    private async Task<List<RangeHash>> HashAsync(RangeHashOptions options)
    {
        List<RangeHash> hashes = [];
        await foreach (RangeHash hash in Storage.HashRangesAsync(options, Deadline))
        {
            hashes.Add(hash);
        }

        return hashes;
    }

    /// <summary>The hashes as their definition has them, row by row.</summary>
    private async Task<List<RangeHash>> ComputeAsync(RangeHashOptions options)
    {
        List<RangeHash> hashes = [];
        Revision revision = (await Storage.GetInfoAsync(Deadline)).Revision;
        ReadOnlyMemory<byte> start = options.Range.Start;
        (ulong hash, int rows, int bytes) = (0, 0, 0);
        await foreach (Entry entry in Storage.ScanAsync(options.Range, Deadline))
        {
            if (rows == options.RowsPerHash || bytes >= 1024 * 1024)
            {
                hashes.Add(new RangeHash(revision, KeyRange.Between(start, entry.Key), rows, hash));
                (start, hash, rows, bytes) = (entry.Key, 0, 0, 0);
            }

            byte[] row = [.. Field(entry.Key), .. Field(entry.Value)];
            (hash, rows, bytes) = (XxHash64.Hash(row, hash), rows + 1, bytes + row.Length);
        }

        hashes.Add(new RangeHash(revision, KeyRange.Between(start, options.Range.End), rows, hash));
        return hashes;
    }

    private static byte[] Field(ReadOnlyMemory<byte> bytes)
    {
        byte[] prefix = new byte[Varint.Length((ulong)bytes.Length)];
        Varint.Write(prefix, (ulong)bytes.Length);
        return [.. prefix, .. bytes.Span];
    }
}
