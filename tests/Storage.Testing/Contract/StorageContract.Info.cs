using WsStorage.Core;

namespace WsStorage.Testing;

public abstract partial class StorageContract
{
    [Test]
    public async Task Info_of_an_empty_store()
    {
        Requires(ContractFeature.DenseRevisions);
        StorageInfo info = await Storage.GetInfoAsync(Deadline);
        Assert.That(info.Engine, Is.Not.Empty);
        Assert.That(info.Epoch, Is.Not.EqualTo(Guid.Empty));
        Assert.That(info.Revision, Is.EqualTo(Revision.None));
        Assert.That(info.CompactedRevision, Is.EqualTo(Revision.None));
        Assert.That(info.ApproximateBytes, Is.GreaterThanOrEqualTo(0));
        Assert.That(info.ApproximateKeys, Is.GreaterThanOrEqualTo(0));
        Assert.That(info.IsReadOnly, Is.False);
        Assert.That(Enum.IsDefined(info.Durability), Is.True);
    }

    [Test]
    public async Task Info_tells_the_revision_and_keeps_the_epoch()
    {
        StorageInfo before = await Storage.GetInfoAsync(Deadline);
        Revision written = await PutAsync("a", "1");
        StorageInfo after = await Storage.GetInfoAsync(Deadline);
        Assert.That(after.Epoch, Is.EqualTo(before.Epoch));
        Assert.That(after.Revision, Is.EqualTo(written));
        Assert.That(after.CompactedRevision, Is.LessThanOrEqualTo(after.Revision));
        Assert.That(after.Limits, Is.EqualTo(before.Limits));
    }

    [Test]
    public async Task Two_stores_have_different_epochs()
    {
        IStorage other = await OpenAsync(Limits);
        try
        {
            Guid mine = (await Storage.GetInfoAsync(Deadline)).Epoch;
            Assert.That((await other.GetInfoAsync(Deadline)).Epoch, Is.Not.EqualTo(mine));
            await other.PutAsync(B("a"), B("1"), Deadline);
            Assert.That(await GetAsync("a"), Is.Null, "they share nothing");
        }
        finally
        {
            await CloseAsync(other);
        }
    }

    [Test]
    public async Task The_position_hash_is_that_of_the_same_batches_in_memory()
    {
        Requires(ContractFeature.PositionHash);
        await using var reference = new InMemoryStorage(new InMemoryStorageOptions { Limits = Limits });
        WriteBatch[] batches =
        [
            new WriteBatch().Put("a", "1"),
            new WriteBatch().Put("a", "1"),
            new WriteBatch().RequireAbsent(B("a")).Put("a", "refused"),
            new WriteBatch().RequirePresent(B("a")),
            new WriteBatch(),
            new WriteBatch().RequireEqual(B("a"), B("1")).Put("b", "2").Remove("a").RemoveRange(KeyRange.Prefix("c")),
            new WriteBatch().Put(Bytes.Noise(5000), Bytes.Noise(100_000)),
            new WriteBatch().RemoveRange(KeyRange.All),
            new WriteBatch().Remove("nothing"),
        ];
        foreach (WriteBatch batch in batches)
        {
            WriteResult expected = await reference.WriteAsync(batch, Deadline);
            Assert.That(await WriteAsync(batch), Is.EqualTo(expected));
            Position mine = (await Storage.GetInfoAsync(Deadline)).Position;
            Position its = (await reference.GetInfoAsync(Deadline)).Position;
            Assert.That((mine.Revision, mine.Hash), Is.EqualTo((its.Revision, its.Hash)));
        }
    }
}
