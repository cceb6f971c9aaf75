using WsStorage.Core;
using WsStorage.Testing;

namespace WsStorage.Outbox.Tests;

public class IdentityTests : OutboxFixture
{
    [Test]
    public async Task A_copied_directory_is_noticed_and_delivers_nothing()
    {
        await PutAsync("a", "1");
        await Outbox.FlushAsync(Deadline);
        await Outbox.DisposeAsync();
        await using InMemoryStorage copy = await DeliveryTests.CopyAsync(Local);

        Outbox = await OpenAsync();
        await PutAsync("a", "2");
        await Outbox.FlushAsync(Deadline);
        await using (OutboxStorage second = await OpenAsync(local: copy))
        {
            await second.PutAsync(Bytes.Of("a"), Bytes.Of("copy"), Deadline);
            StorageException foreign = (await Assert.ThrowsAsync<StorageException>(async () => await second.FlushAsync(Deadline)))!;
            Assert.That(foreign.Code, Is.EqualTo(StorageErrorCode.Diverged));
            Assert.That(foreign.Message, Does.Contain("copy").And.Contain(nameof(OutboxOptions.NewIdentity)));
            Assert.That(second.Status.State, Is.EqualTo(OutboxState.Stopped));
            Assert.That(second.Status.Depth, Is.EqualTo(1));
        }

        Assert.That(await HistoryAsync(), Is.EqualTo(["a=1", "a=2"]));
        await using OutboxStorage own = await OpenAsync(Options with { NewIdentity = true }, copy);
        Assert.That(own.Status.Id, Is.Not.EqualTo(Outbox.Status.Id));
        await own.FlushAsync(Deadline);
        Assert.That(await HistoryAsync(), Is.EqualTo(["a=1", "a=2", "a=copy"]));
    }

    [Test]
    public async Task Two_that_run_at_once_under_one_id_do_not_both_deliver()
    {
        await using InMemoryStorage copy = await DeliveryTests.CopyAsync(Local);
        await using OutboxStorage second = await OpenAsync(local: copy);
        await PutAsync("mine", "1");
        await Outbox.FlushAsync(Deadline);
        await second.PutAsync(Bytes.Of("copy"), Bytes.Of("1"), Deadline);
        await Assert.ThrowsAsync<StorageException>(async () => await second.FlushAsync(Deadline));
        Assert.That(await HistoryAsync(), Is.EqualTo(["mine=1"]));
    }

    [Test]
    public async Task A_target_that_has_lost_its_marker_is_noticed()
    {
        await PutAsync("a", "1");
        await Outbox.FlushAsync(Deadline);
        await Target.Inner.RemoveRangeAsync(KeyRange.All, Deadline);
        await PutAsync("b", "2");
        Assert.That((await UntilAsync(status => status.State == OutboxState.Stopped)).Problem, Does.Contain("gone"));
        await ReopenAsync();
        await UntilAsync(status => status.State == OutboxState.Stopped);
        await ReopenAsync(Options with { NewIdentity = true });
        await Outbox.FlushAsync(Deadline);
        Assert.That(await DeliveredAsync(), Is.EqualTo(["b=2"]));
    }

    [Test]
    public async Task A_target_that_has_lost_its_marker_is_noticed_after_a_kill_too()
    {
        await PutAsync("a", "1");
        await Outbox.FlushAsync(Deadline);
        await PutAsync("a", "2");
        await Outbox.FlushAsync(Deadline);
        await using InMemoryStorage killed = await DeliveryTests.CopyAsync(Local);
        await Outbox.DisposeAsync();
        await Target.Inner.RemoveRangeAsync(KeyRange.All, Deadline);
        Outbox = await OpenAsync(local: killed);
        await Assert.ThatAsync(async () => await Outbox.FlushAsync(Deadline), Throws.InstanceOf<StorageException>());
        Assert.That(await DeliveredAsync(), Is.Empty);
        await Outbox.DisposeAsync();
    }

    [Test]
    public async Task A_target_that_went_back_is_noticed()
    {
        byte[] marker = Marker.KeyOf(Outbox.Status.Id);
        await PutAsync("a", "1");
        await Outbox.FlushAsync(Deadline);
        byte[] before = (await Target.GetAsync(marker, Deadline)).Value!;
        await PutAsync("a", "2");
        await Outbox.FlushAsync(Deadline);
        await Target.Inner.PutAsync(marker, before, Deadline);
        await PutAsync("a", "3");
        Assert.That((await UntilAsync(status => status.State == OutboxState.Stopped)).Problem, Does.Contain("older"));
    }

    [Test]
    public async Task The_id_stays_the_same()
    {
        Guid id = Outbox.Status.Id;
        await ReopenAsync();
        Assert.That(Outbox.Status.Id, Is.EqualTo(id));
    }

    [Test]
    public async Task The_formats_do_not_change()
    {
        byte[] record = OutboxRecord.Pack(new WriteBatch().RequirePresent("k"u8).Put("a", "1"), 0x0102030405060708, 0x1112131415161718);
        Assert.That(Convert.ToHexString(record), Is.EqualTo("01" + "0102030405060708" + "1112131415161718" + "03" + "12016B" + "0101610131"));
        Assert.That(Convert.ToHexString(Marker.Write(new RecordPoint(1, 2))), Is.EqualTo("00000000000000010000000000000002"));
        Assert.That(Convert.ToHexString(LocalStore.KeyOf(258)), Is.EqualTo("6F2F0000000000000102"));
        await PutAsync("a", "1");
        await Outbox.FlushAsync(Deadline);
        byte[] key = [.. ReservedKeys.Prefix, .. Bytes.Of($"outbox/{Outbox.Status.Id:N}")];
        Assert.That((await Target.GetAsync(key, Deadline)).Value, Has.Length.EqualTo(16));
    }

    [Test]
    public async Task Damage_is_said()
    {
        await Outbox.DisposeAsync();
        await Local.PutAsync(LocalStore.KeyOf(1), new byte[] { 1, 2 }, Deadline);
        Assert.That((await Assert.ThrowsAsync<StorageException>(async () => await OpenAsync()))!.Code, Is.EqualTo(StorageErrorCode.Corrupt));
        await Local.PutAsync(LocalStore.KeyOf(1), new byte[] { 9, 2 }, Deadline);
        Assert.That((await Assert.ThrowsAsync<StorageException>(async () => await OpenAsync()))!.Code, Is.EqualTo(StorageErrorCode.UnsupportedVersion));
        await Local.PutAsync(LocalStore.KeyOf(1), OutboxRecord.Pack(new WriteBatch().Put("a", "long enough"), 1, 1).AsMemory()[..^3], Deadline);
        await AssertCorruptAsync();
        await Local.RemoveAsync(LocalStore.KeyOf(1), Deadline);
        Outbox = await OpenAsync();
    }

    [Test]
    public async Task Damaged_facts_are_said()
    {
        await PutAsync("a", "1");
        await Outbox.FlushAsync(Deadline);
        await Outbox.DisposeAsync();
        byte[] delivered = (await Local.GetAsync(Bytes.Of("f/delivered"), Deadline)).Value!;
        await Local.PutStringAsync("f/delivered", "", Deadline);
        await AssertCorruptAsync();
        await Local.PutAsync(Bytes.Of("f/delivered"), delivered, Deadline);
        byte[] id = (await Local.GetAsync(Bytes.Of("f/id"), Deadline)).Value!;
        await Local.RemoveStringAsync("f/id", Deadline);
        await AssertCorruptAsync();
        await Local.PutAsync(Bytes.Of("f/id"), id, Deadline);
        Outbox = await OpenAsync();
    }

    [Test]
    public async Task A_record_that_has_gone_from_the_local_store_is_a_problem_and_no_endless_loop()
    {
        Target.IsDown = true;
        await PutAsync("a", "1");
        await Local.RemoveAsync(LocalStore.KeyOf(1), Deadline);
        Target.IsDown = false;
        OutboxStatus status = await UntilAsync(now => now.Problem?.Contains("record 1", StringComparison.Ordinal) == true);
        Assert.That(status.Depth, Is.EqualTo(1));
    }

    private async Task AssertCorruptAsync() =>
        Assert.That((await Assert.ThrowsAsync<StorageException>(async () => await OpenAsync()))!.Code, Is.EqualTo(StorageErrorCode.Corrupt));
}
