namespace WsStorage.Testing;

public abstract partial class StorageContract
{
    [TestCaseSource(nameof(Ranges))]
    public async Task Remove_range_removes_exactly_the_keys_in_it(KeyRange range)
    {
        await PutOrderedKeysAsync();
        Revision before = await RevisionAsync();
        Revision removed = await Storage.RemoveRangeAsync(range, Deadline);
        IEnumerable<byte[]> left = OrderedKeys.Where(key => !range.Contains(key));
        Assert.That((await ScanAsync(KeyRange.All)).Select(row => row.Key), Is.EqualTo(left));
        Assert.That(removed, Is.GreaterThan(before), "also one that removes nothing is a write");
    }

    [Test]
    public async Task Remove_range_takes_thousands_of_keys_out_of_the_middle()
    {
        await PutNumberedAsync("k", 4000, "v");
        await Storage.RemoveRangeAsync(KeyRange.Between(Bytes.Numbered("k", 500), Bytes.Numbered("k", 3500)), Deadline);
        IEnumerable<string> left = Enumerable.Range(0, 4000).Where(i => i is < 500 or >= 3500).Select(i => $"k{i:d6}");
        Assert.That((await ScanAsync(KeyRange.All)).Select(row => row.KeyText), Is.EqualTo(left));
        Assert.That((await ScanAsync(new ScanOptions { Reverse = true })).Select(row => row.KeyText), Is.EqualTo(left.Reverse()));
        GetManyResult many = await Storage.GetManyAsync(
            [Bytes.Numbered("k", 499), Bytes.Numbered("k", 500), Bytes.Numbered("k", 3499), Bytes.Numbered("k", 3500)], Deadline);
        Assert.That(many.Values.Select(value => value is not null), Is.EqualTo([true, false, false, true]));
    }

    [Test]
    public async Task What_is_put_after_a_range_removal_stays()
    {
        await PutNumberedAsync("k", 100, "old");
        await WriteAsync(new WriteBatch().RemoveRange(KeyRange.All).Put("k000050", "new"));
        Assert.That(await RowsAsync(), Is.EqualTo(["k000050=new"]));
        await PutAsync("k000049", "newer");
        Assert.That(await RowsAsync(), Is.EqualTo(["k000049=newer", "k000050=new"]));
    }
}
