namespace WsStorage.Testing;

public abstract partial class StorageContract
{
    private IBatchStorage Batched
    {
        get
        {
            if (Storage is not IBatchStorage batched)
            {
                Assert.Ignore("this storage does not take many requests in one call");
                throw new InvalidOperationException("not reached: the test is ignored");
            }

            return batched;
        }
    }

    [Test]
    public async Task Read_many_hands_out_values_in_the_order_asked()
    {
        IBatchStorage batched = Batched;
        Revision written = (await WriteAsync(new WriteBatch().Put("a", "1").Put("b", "").Put("c", "3"))).Revision;
        var receiver = new RecordingReceiver();
        batched.ReadMany([B("c"), B("x"), B("a"), B("b"), B("a"), B("")], receiver);
        Assert.That(receiver.Values, Is.EqualTo(new byte[]?[] { B("3"), null, B("1"), [], B("1"), null }));
        Assert.That(receiver.Order, Is.EqualTo([0, 1, 2, 3, 4, 5]));
        Assert.That(receiver.Revision, Is.EqualTo(written));
    }

    [Test]
    public void Read_many_of_no_keys_tells_the_revision_only()
    {
        IBatchStorage batched = Batched;
        var receiver = new RecordingReceiver();
        batched.ReadMany([], receiver);
        Assert.That(receiver.Revision, Is.Not.Null);
        Assert.That(receiver.Values, Is.Empty);
    }

    [Test]
    public async Task Read_many_takes_thousands_of_keys()
    {
        IBatchStorage batched = Batched;
        await PutNumberedAsync("k", 2000, "v");
        var receiver = new RecordingReceiver();
        batched.ReadMany([.. Enumerable.Range(0, 3000).Select(i => (ReadOnlyMemory<byte>)Bytes.Numbered("k", i))], receiver);
        Assert.That(receiver.Order, Is.EqualTo(Enumerable.Range(0, 3000)));
        Assert.That(receiver.Values.Take(2000), Has.All.EqualTo(B("v")));
        Assert.That(receiver.Values.Skip(2000), Has.All.Null);
    }

    [Test]
    public void Read_many_refuses_a_key_that_is_too_long()
    {
        IBatchStorage batched = Batched;
        byte[] tooLong = new byte[StorageLimits.MaxKeyBytes + 1];
        StorageException exception = Assert.Throws<StorageException>(() => batched.ReadMany([B("a"), tooLong], new RecordingReceiver()))!;
        Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.KeyTooLarge));
    }

    [Test]
    public async Task Write_many_commits_independent_batches_in_their_order()
    {
        Requires(ContractFeature.DenseRevisions);
        IBatchStorage batched = Batched;
        WriteBatch[] batches =
        [
            new WriteBatch().Put("a", "1"),
            new WriteBatch().RequirePresent(B("a")).Put("a", "2").Put("b", "2"),
            new WriteBatch().RequireAbsent(B("z")).RequireAbsent(B("b")).Put("c", "refused"),
            new WriteBatch().RequireEqual(B("a"), B("2")),
            new WriteBatch().Remove("b").Put("d", "4"),
        ];
        var results = new WriteResult[batches.Length + 1];
        await batched.WriteManyAsync(batches, results, Deadline);
        Assert.That(results[0], Is.EqualTo(WriteResult.AppliedAt(new Revision(1))));
        Assert.That(results[1], Is.EqualTo(WriteResult.AppliedAt(new Revision(2))));
        Assert.That(results[2], Is.EqualTo(WriteResult.RefusedAt(new Revision(2), 1)));
        Assert.That(results[3], Is.EqualTo(WriteResult.AppliedAt(new Revision(2))));
        Assert.That(results[4], Is.EqualTo(WriteResult.AppliedAt(new Revision(3))));
        Assert.That(results[5], Is.Default, "there is no sixth batch");
        Assert.That(await RowsAsync(), Is.EqualTo(["a=2", "d=4"]));
        Assert.That(await RevisionAsync(), Is.EqualTo(new Revision(3)));
    }

    [Test]
    public async Task Write_many_of_no_batches_does_nothing()
    {
        IBatchStorage batched = Batched;
        Revision before = await RevisionAsync();
        await batched.WriteManyAsync(default, default, Deadline);
        Assert.That(await RevisionAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task Calls_of_write_many_apply_in_the_order_in_which_they_were_made()
    {
        IBatchStorage batched = Batched;
        WriteBatch[][] calls = [.. Enumerable.Range(0, 100).Select(i =>
            new[] { new WriteBatch().Put("last", $"{i}"), new WriteBatch().Put($"{i}", "v") })];
        WriteResult[][] results = [.. calls.Select(_ => new WriteResult[2])];
        Task[] outstanding = [.. calls.Select((call, i) => batched.WriteManyAsync(call, results[i], Deadline).AsTask())];
        await Task.WhenAll(outstanding);
        Assert.That(results.SelectMany(pair => pair).Select(result => result.Revision), Is.Ordered);
        Assert.That(await GetAsync("last"), Is.EqualTo("99"));
    }

    [Test]
    public async Task Write_many_refuses_a_value_that_is_too_long_and_goes_on()
    {
        Requires(ContractFeature.Limits);
        IBatchStorage batched = Batched;
        WriteBatch[] batches = [new WriteBatch().Put(B("long"), new byte[Limits.MaxValueBytes + 1])];
        await AssertRefusedAsync(StorageErrorCode.ValueTooLarge, async () => await batched.WriteManyAsync(batches, new WriteResult[1], Deadline));
        Assert.That(await GetAsync("long"), Is.Null);
        await batched.WriteManyAsync(new[] { new WriteBatch().Put("a", "1") }, new WriteResult[1], Deadline);
        Assert.That(await GetAsync("a"), Is.EqualTo("1"));
    }
}
