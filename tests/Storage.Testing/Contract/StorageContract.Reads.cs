namespace WsStorage.Testing;

public abstract partial class StorageContract
{
    [Test]
    public async Task Get_of_an_absent_key_finds_nothing()
    {
        await PutAsync("a", "1");
        GetResult result = await Storage.GetAsync(B("b"), Deadline);
        Assert.That(result.Found, Is.False);
        Assert.That(result.Value, Is.Null);
    }

    [Test]
    public async Task Get_returns_what_was_put_last()
    {
        await PutAsync("a", "1");
        await PutAsync("a", "2");
        Assert.That(await GetAsync("a"), Is.EqualTo("2"));
    }

    [Test]
    public async Task Get_says_the_revision_it_reads()
    {
        Requires(ContractFeature.DenseRevisions);
        Assert.That((await Storage.GetAsync(B("a"), Deadline)).Revision, Is.EqualTo(Revision.None));
        Revision written = await PutAsync("a", "1");
        Assert.That((await Storage.GetAsync(B("a"), Deadline)).Revision, Is.EqualTo(written));
        Assert.That((await Storage.GetManyAsync([B("a"), B("b")], Deadline)).Revision, Is.EqualTo(written));
    }

    [Test]
    public async Task The_empty_key_is_a_key()
    {
        Assert.That((await Storage.GetAsync(default, Deadline)).Found, Is.False);
        await Storage.PutAsync(default, B("1"), Deadline);
        await PutAsync("a", "2");
        Assert.That((await Storage.GetAsync(default, Deadline)).Value, Is.EqualTo(B("1")));
        Assert.That(await RowsAsync(), Is.EqualTo(["=1", "a=2"]));
        await Storage.RemoveAsync(default, Deadline);
        Assert.That(await RowsAsync(), Is.EqualTo(["a=2"]));
    }

    [Test]
    public async Task The_empty_value_is_a_value()
    {
        await PutAsync("a", "");
        GetResult result = await Storage.GetAsync(B("a"), Deadline);
        Assert.That(result.Found, Is.True);
        Assert.That(result.Value, Is.Empty);
        GetManyResult many = await Storage.GetManyAsync([B("a"), B("b")], Deadline);
        Assert.That(many.Values, Is.EqualTo(new byte[]?[] { [], null }));
    }

    [Test]
    public async Task Every_byte_survives_in_keys_and_values()
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        await Storage.PutAsync(all, all, Deadline);
        Assert.That((await Storage.GetAsync(all, Deadline)).Value, Is.EqualTo(all));
        Assert.That((await ScanAsync(KeyRange.All)).Single(), Is.EqualTo(new Entry(all, all)).UsingPropertiesComparer());
    }

    [Test]
    public async Task The_longest_key_is_taken_and_one_byte_more_refused()
    {
        byte[] longest = Bytes.Noise(StorageLimits.MaxKeyBytes);
        byte[] tooLong = [.. longest, 0];
        await Storage.PutAsync(longest, B("1"), Deadline);
        Assert.That((await Storage.GetAsync(longest, Deadline)).Value, Is.EqualTo(B("1")));
        Assert.That((await ScanAsync(KeyRange.Single(longest))).Single().Key, Is.EqualTo(longest));

        await AssertRefusedAsync(StorageErrorCode.KeyTooLarge, async () => await Storage.GetAsync(tooLong, Deadline));
        await AssertRefusedAsync(StorageErrorCode.KeyTooLarge, async () => await Storage.GetManyAsync([longest, tooLong], Deadline));
        await AssertRefusedAsync(StorageErrorCode.KeyTooLarge, async () => await Storage.PutAsync(tooLong, B("1"), Deadline));
        await Storage.RemoveAsync(longest, Deadline);
        Assert.That(await RowsAsync(), Is.Empty);
    }

    [Test]
    public async Task Get_many_answers_in_the_order_asked()
    {
        await WriteAsync(new WriteBatch().Put("a", "1").Put("b", "2").Put("c", ""));
        GetManyResult result = await Storage.GetManyAsync([B("c"), B("x"), B("a"), B("b"), B("a"), B("")], Deadline);
        Assert.That(result.Values, Is.EqualTo(new byte[]?[] { [], null, B("1"), B("2"), B("1"), null }));
    }

    [Test]
    public async Task Get_many_of_no_keys_answers_with_no_values()
    {
        Assert.That((await Storage.GetManyAsync([], Deadline)).Values, Is.Empty);
    }

    [Test]
    public async Task Get_many_takes_thousands_of_keys()
    {
        await PutNumberedAsync("k", 3000, "v");
        ReadOnlyMemory<byte>[] keys = [.. Enumerable.Range(0, 4000).Select(i => (ReadOnlyMemory<byte>)Bytes.Numbered("k", i))];
        GetManyResult result = await Storage.GetManyAsync(keys, Deadline);
        Assert.That(result.Values.Take(3000), Has.All.EqualTo(B("v")));
        Assert.That(result.Values.Skip(3000), Has.All.Null);
        Assert.That(result.Values, Has.Length.EqualTo(4000));
    }

    [Test]
    public async Task Arrays_handed_out_belong_to_the_receiver()
    {
        await PutAsync("a", "1");
        (await Storage.GetAsync(B("a"), Deadline)).Value![0] = 0xFF;
        (await Storage.GetManyAsync([B("a")], Deadline)).Values[0]![0] = 0xFF;
        Entry row = (await ScanAsync(KeyRange.All)).Single();
        row.Key[0] = 0xFF;
        row.Value[0] = 0xFF;
        Assert.That(await RowsAsync(), Is.EqualTo(["a=1"]));
    }

    [Test]
    public async Task Memory_passed_in_may_be_changed_once_the_operation_has_completed()
    {
        byte[] key = B("a");
        byte[] value = B("1");
        var batch = new WriteBatch().Put(key, value);
        await WriteAsync(batch);
        key[0] = (byte)'x';
        value[0] = (byte)'x';
        await WriteAsync(batch.Clear().Put("b", "2"));
        batch.Clear().Put("cccccccccc", "cccccccccc");
        Assert.That(await RowsAsync(), Is.EqualTo(["a=1", "b=2"]));
    }
}
