using WsStorage.Core;
using WsStorage.Testing;

namespace WsStorage.Tests;

/// <summary>Hashes of ranges, compared with the plainest way to make them.</summary>
[TestFixture]
public sealed class RangeHashTests
{
    private readonly InMemoryStorage _storage = new();

    [OneTimeTearDown]
    public async Task Close() => await _storage.DisposeAsync();

    [SetUp]
    public async Task Clear() => await _storage.RemoveRangeAsync(KeyRange.All);

    [Test]
    public async Task Each_hash_is_of_so_many_rows_whatever_the_pages_of_the_scan(
        [Values(1, 3, 20, 65536)] int rowsPerHash, [Values(0, 100, 40_000)] int valueBytes)
    {
        await FillAsync(_storage, rows: 100, valueBytes);
        foreach (KeyRange range in new[] { KeyRange.All, KeyRange.Between(Bytes.Numbered("k", 13), Bytes.Numbered("k", 80)), KeyRange.From(Bytes.Of("k000099")) })
        {
            List<RangeHash> hashes = await HashAsync(_storage, new RangeHashOptions { Range = range, RowsPerHash = rowsPerHash });
            AssertCover(hashes, range);
            Assert.That(hashes.SkipLast(1).Select(each => each.Rows), Has.All.EqualTo(Math.Min(rowsPerHash, valueBytes == 40_000 ? 27 : 100)));
            foreach (RangeHash each in hashes)
            {
                Assert.That((each.Rows, each.Hash), Is.EqualTo(await HashPlainlyAsync(each.Range)), Bytes.Show(each.Range.Start.ToArray()));
            }
        }
    }

    [Test]
    public async Task Equal_rows_have_equal_hashes_whatever_led_to_them()
    {
        await using var other = new InMemoryStorage();
        await FillAsync(other, rows: 50, valueBytes: 10);
        await FillAsync(_storage, rows: 100, valueBytes: 20);
        await FillAsync(_storage, rows: 50, valueBytes: 10);
        await _storage.RemoveRangeAsync(KeyRange.From(Bytes.Numbered("k", 50)));
        var options = new RangeHashOptions { RowsPerHash = 7 };
        Assert.That(
            (await HashAsync(_storage, options)).Select(each => (each.Range, each.Rows, each.Hash)),
            Is.EqualTo((await HashAsync(other, options)).Select(each => (each.Range, each.Rows, each.Hash))));
    }

    [Test]
    public async Task One_flipped_value_changes_just_the_hash_of_its_range()
    {
        await FillAsync(_storage, rows: 50, valueBytes: 10);
        var options = new RangeHashOptions { RowsPerHash = 10 };
        List<RangeHash> before = await HashAsync(_storage, options);
        byte[] value = (await _storage.GetAsync(Bytes.Numbered("k", 25))).Value!;
        value[3] ^= 1;
        await _storage.PutAsync(Bytes.Numbered("k", 25), value);
        List<RangeHash> after = await HashAsync(_storage, options);
        int[] differing = [.. Enumerable.Range(0, after.Count).Where(i => after[i].Hash != before[i].Hash)];
        Assert.That(differing, Is.EqualTo([2]));
        Assert.That(after.Select(each => each.Range), Is.EqualTo(before.Select(each => each.Range)));
    }

    [Test]
    public async Task The_same_bytes_split_otherwise_between_key_and_value_hash_otherwise()
    {
        await _storage.PutAsync(Bytes.Of("ab"), Bytes.Of("c"));
        RangeHash one = (await HashAsync(_storage, new RangeHashOptions())).Single();
        await _storage.RemoveRangeAsync(KeyRange.All);
        await _storage.PutAsync(Bytes.Of("a"), Bytes.Of("bc"));
        Assert.That((await HashAsync(_storage, new RangeHashOptions())).Single().Hash, Is.Not.EqualTo(one.Hash));
    }

    [Test]
    public async Task Where_nothing_is_one_hash_of_no_rows_covers_it()
    {
        Revision revision = (await _storage.GetInfoAsync()).Revision;
        foreach (KeyRange range in new[] { KeyRange.All, KeyRange.Prefix("k") })
        {
            RangeHash only = (await HashAsync(_storage, new RangeHashOptions { Range = range })).Single();
            Assert.That(only, Is.EqualTo(new RangeHash(revision, range, 0, 0)));
        }

        KeyRange empty = KeyRange.Between(Bytes.Of("b"), Bytes.Of("a"));
        Assert.That(await HashAsync(_storage, new RangeHashOptions { Range = empty }), Is.Empty);
    }

    [Test]
    public async Task All_hashes_are_of_one_revision()
    {
        await FillAsync(_storage, rows: 30, valueBytes: 40_000);
        Revision revision = (await _storage.GetInfoAsync()).Revision;
        List<RangeHash> hashes = [];
        await foreach (RangeHash each in _storage.HashRangesAsync(new RangeHashOptions { RowsPerHash = 1 }))
        {
            hashes.Add(each);
            await _storage.RemoveRangeAsync(KeyRange.All);
        }

        Assert.That(hashes, Has.Count.EqualTo(30));
        Assert.That(hashes.Select(each => each.Revision), Has.All.EqualTo(revision));
    }

    [Test]
    public async Task Options_that_make_no_sense_are_refused([Values(0, -1, 65537)] int rowsPerHash)
    {
        StorageException exception = (await Assert.ThrowsAsync<StorageException>(
            () => HashAsync(_storage, new RangeHashOptions { RowsPerHash = rowsPerHash })))!;
        Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(exception.Message, Does.Contain($"{rowsPerHash}").And.Contain("65536"));
    }

    private static void AssertCover(List<RangeHash> hashes, KeyRange range)
    {
        Assert.That(hashes, Is.Not.Empty);
        Assert.That(hashes[0].Range.Start.ToArray(), Is.EqualTo(range.Start.ToArray()));
        Assert.That(hashes[^1].Range.End.ToArray(), Is.EqualTo(range.End.ToArray()));
        for (int i = 1; i < hashes.Count; i++)
        {
            Assert.That(hashes[i].Range.Start.ToArray(), Is.EqualTo(hashes[i - 1].Range.End.ToArray()));
        }
    }

    private static async Task FillAsync(InMemoryStorage storage, int rows, int valueBytes)
    {
        for (int i = 0; i < rows; i++)
        {
            await storage.PutAsync(Bytes.Numbered("k", i), Bytes.Noise(valueBytes, seed: i + 1));
        }
    }

    private static async Task<List<RangeHash>> HashAsync(IStorage storage, RangeHashOptions options)
    {
        List<RangeHash> hashes = [];
        await foreach (RangeHash each in storage.HashRangesAsync(options))
        {
            hashes.Add(each);
        }

        return hashes;
    }

    private async Task<(long Rows, ulong Hash)> HashPlainlyAsync(KeyRange range)
    {
        long rows = 0;
        ulong hash = 0;
        await foreach (Entry row in _storage.ScanAsync(range))
        {
            hash = XxHash64.Hash([.. Pack(row.Key), .. Pack(row.Value)], hash);
            rows++;
        }

        return (rows, hash);
    }

    private static byte[] Pack(byte[] field)
    {
        byte[] length = new byte[Varint.MaxLength];
        return [.. length.AsSpan(0, Varint.Write(length, (ulong)field.Length)), .. field];
    }
}
