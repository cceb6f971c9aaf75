namespace WsStorage.WsClient.Tests;

public class InFlightTableTests
{
    [Test]
    public void A_slot_is_free_when_the_server_has_answered_not_when_the_caller_has_given_up()
    {
        var table = new InFlightTable(1);
        var request = new PendingGet();
        ulong id = table.Add(request);
        table.Abandon(request);
        Assert.That(table.IsFull, Is.True, "the server still counts it");
        Assert.That((table.TryFind(id, out PendingRequest? found), found), Is.EqualTo((true, (PendingRequest?)null)));
        table.Free(id);
        Assert.That(table.IsFull, Is.False);
    }

    [Test]
    public void A_second_answer_frees_nothing()
    {
        var table = new InFlightTable(2);
        ulong first = table.Add(new PendingGet());
        table.Free(first);
        table.Free(first);
        Assert.That(table.Count, Is.Zero);
        ulong second = table.Add(new PendingGet());
        table.Free(first);
        Assert.That(table.TryFind(second, out PendingRequest? request) && request is not null, Is.True, "an old id reaches no newer request");
    }

    [Test]
    public void An_id_that_was_never_issued_is_told_from_one_that_has_ended()
    {
        var table = new InFlightTable(2);
        ulong id = table.Add(new PendingGet());
        table.Free(id);
        Assert.That(table.TryFind(id, out _), Is.True);
        Assert.That(table.TryFind(id + 2, out _), Is.False);
        Assert.That(table.TryFind(0, out _), Is.False);
    }
}
