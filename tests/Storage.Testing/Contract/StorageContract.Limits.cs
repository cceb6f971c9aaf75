namespace WsStorage.Testing;

public abstract partial class StorageContract
{
    [Test]
    public async Task Info_tells_the_limits()
    {
        Requires(ContractFeature.Limits);
        Assert.That((await Storage.GetInfoAsync(Deadline)).Limits, Is.EqualTo(Limits));
    }

    [Test]
    public async Task The_longest_value_is_taken_and_one_byte_more_refused()
    {
        Requires(ContractFeature.Limits);
        byte[] longest = Bytes.Noise(Limits.MaxValueBytes);
        await Storage.PutAsync(B("a"), longest, Deadline);
        Assert.That((await Storage.GetAsync(B("a"), Deadline)).Value, Is.EqualTo(longest));
        Assert.That((await Storage.GetManyAsync([B("a")], Deadline)).Values[0], Is.EqualTo(longest));
        Assert.That((await ScanAsync(KeyRange.All)).Single().Value, Is.EqualTo(longest));

        byte[] tooLong = [.. longest, 0];
        StorageException refused = await AssertRefusedAsync(
            StorageErrorCode.ValueTooLarge, async () => await Storage.PutAsync(B("a"), tooLong, Deadline));
        Assert.That(refused.Message, Does.Contain($"{tooLong.Length}").And.Contain($"{Limits.MaxValueBytes}"));
        await AssertRefusedAsync(
            StorageErrorCode.ValueTooLarge,
            async () => await Storage.WriteAsync(new WriteBatch().RequireEqual(B("a"), tooLong), Deadline));
        Assert.That((await Storage.GetAsync(B("a"), Deadline)).Value, Is.EqualTo(longest), "the storage goes on");
    }

    [Test]
    public async Task The_largest_batch_is_taken_and_one_byte_more_refused()
    {
        Requires(ContractFeature.Limits);
        WriteBatch largest = BatchOf(Limits.MaxBatchBytes);
        Assert.That(largest.ByteCount, Is.EqualTo(Limits.MaxBatchBytes));
        Assert.That((await WriteAsync(largest)).Applied, Is.True);
        List<Entry> rows = await ScanAsync(KeyRange.All);
        Assert.That(rows, Has.Count.EqualTo(largest.Count));

        Position before = (await Storage.GetInfoAsync(Deadline)).Position;
        await AssertRefusedAsync(
            StorageErrorCode.BatchTooLarge, async () => await Storage.WriteAsync(BatchOf(Limits.MaxBatchBytes + 1), Deadline));
        Assert.That((await Storage.GetInfoAsync(Deadline)).Position, Is.EqualTo(before), "nothing was changed");
    }

    /// <summary>A batch of puts that takes exactly so many bytes.</summary>
    private static WriteBatch BatchOf(int bytes)
    {
        const int chunk = 32 * 1024;
        const int overhead = 1 + 1 + 7 + 3;
        var batch = new WriteBatch();
        for (int i = 0; batch.ByteCount < bytes; i++)
        {
            int left = bytes - batch.ByteCount;

            // The last value is as long as it takes; no put of less than half a chunk, so that lengths take three bytes.
            int value = left >= 2 * chunk ? chunk : left - overhead;
            batch.Put(Bytes.Numbered("k", i), Bytes.Noise(value));
        }

        return batch;
    }
}
