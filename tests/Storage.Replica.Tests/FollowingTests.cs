using WsStorage.Core.Copies;
using WsStorage.Replica.Following;
using WsStorage.Testing;

namespace WsStorage.Replica.Tests;

[TestFixture]
public sealed class FollowingTests
{
    private static readonly Position Start = new(Guid.NewGuid(), new Revision(10), 0);

    [TestCase("b-d,a-c", "a-d")]
    [TestCase("c-d,a-b", "a-b,c-d")]
    [TestCase("a-b,b-c", "a-c")]
    [TestCase("a-,b-c", "a-")]
    [TestCase("-c,b-", "")]
    [TestCase("a-z,b-c,d-e", "a-z")]
    public void Ranges_are_put_in_order_and_joined(string given, string expected) =>
        Assert.That(CopyRanges.Normalize(Parse(given)), Is.EqualTo(Parse(expected)));

    [Test]
    public void A_key_is_copied_when_a_range_holds_it()
    {
        IReadOnlyList<KeyRange> ranges = CopyRanges.Normalize(Parse("b-d,f-g,x-"));
        foreach ((string key, bool expected) in new[] { ("a", false), ("b", true), ("cz", true), ("d", false), ("f", true), ("g", false), ("x", true), ("z", true) })
        {
            Assert.That(CopyRanges.Contains(ranges, Bytes.Of(key)), Is.EqualTo(expected), key);
        }

        Assert.That(CopyRanges.Contains([], Bytes.Of("a")), Is.True);
    }

    [Test]
    public void A_buffer_cuts_what_it_gathers_and_keeps_only_the_last_of_marks()
    {
        var buffer = new BatchBuffer(CopyRanges.Normalize(Parse("b-c,f-g")), 4096);
        buffer.Add(Told(11, new WriteBatch().Put("b", "1").Put("d", "2").RemoveRange(KeyRange.All)));
        buffer.Add(Told(12, new WriteBatch().Put("d", "2")));
        DateTimeOffset now = DateTimeOffset.UnixEpoch.AddDays(20_000);
        buffer.AddMark(Start with { Revision = new Revision(13) }, now);
        buffer.Add(Told(14, new WriteBatch().Remove("f")));
        Assert.That((buffer.Count, buffer.Head), Is.EqualTo((3, (Revision?)new Revision(11))));
        CopiedBatch[] batches = buffer.Take(3).ToArray();
        Assert.That(batches.Select(static batch => batch.Position.Revision.Value), Is.EqualTo([11UL, 13UL, 14UL]));
        byte[] expected = new WriteBatch().Put("b", "1").RemoveRange(Parse("b-c")[0]).RemoveRange(Parse("f-g")[0]).PackedOperations.ToArray();
        Assert.That(batches[0].PackedOperations.ToArray(), Is.EqualTo(expected));
        Assert.That(batches[1].PackedOperations.IsEmpty, Is.True);
        Assert.That(batches[1].CommitTime, Is.EqualTo(now), "history is kept by age");
        Assert.That(batches[2].PackedOperations.ToArray(), Is.EqualTo(new WriteBatch().Remove("f").PackedOperations.ToArray()));
    }

    [Test]
    public async Task A_gate_that_is_held_admits_nothing_and_then_just_up_to_a_revision()
    {
        var gate = new ApplyGate(Start);
        BatchBuffer buffer = Fill(11, 12, 13);
        Assert.That(await gate.HoldAsync(default), Is.EqualTo(Start));
        Assert.That(gate.Admit(buffer), Is.Zero);
        Task reached = gate.ReachAsync(new Revision(12), default);
        Assert.That(gate.Admit(buffer), Is.EqualTo(2));
        buffer.Take(2);
        Assert.That(reached.IsCompleted, Is.False);
        gate.Applied(Start with { Revision = new Revision(12) }, buffer.Head);
        await reached;
        Assert.That(gate.Admit(buffer), Is.Zero, "it is held there");
        gate.Release();
        Assert.That(gate.Admit(buffer), Is.EqualTo(1));
    }

    [Test]
    public async Task A_gate_is_held_only_after_what_is_being_applied()
    {
        var gate = new ApplyGate(Start);
        BatchBuffer buffer = Fill(11);
        Assert.That(gate.Admit(buffer), Is.EqualTo(1));
        buffer.Take(1);
        Task<Position> held = gate.HoldAsync(default);
        Assert.That(held.IsCompleted, Is.False);
        gate.Applied(Start with { Revision = new Revision(11) }, buffer.Head);
        Assert.That((await held).Revision, Is.EqualTo(new Revision(11)));
    }

    [Test]
    public async Task A_revision_between_two_batches_is_reached_when_the_second_waits()
    {
        var gate = new ApplyGate(Start);
        BatchBuffer buffer = Fill(11, 20);
        await gate.HoldAsync(default);
        Task reached = gate.ReachAsync(new Revision(15), default);
        Assert.That(gate.Admit(buffer), Is.EqualTo(1));
        buffer.Take(1);
        gate.Applied(Start with { Revision = new Revision(11) }, buffer.Head);
        await reached;
    }

    [Test]
    public async Task Who_holds_a_gate_hears_of_its_end()
    {
        var gate = new ApplyGate(Start);
        Task reached = gate.ReachAsync(new Revision(15), default);
        gate.End(FaultySource.Lost());
        await Assert.ThatAsync(() => reached, Throws.InstanceOf<StorageException>());
        await Assert.ThatAsync(() => gate.HoldAsync(default), Throws.InstanceOf<StorageException>());
    }

    private static BatchBuffer Fill(params ulong[] revisions)
    {
        var buffer = new BatchBuffer([], 4096);
        foreach (ulong revision in revisions)
        {
            buffer.Add(Told(revision, new WriteBatch().Put("a", "1")));
        }

        return buffer;
    }

    private static WatchEvent Told(ulong revision, WriteBatch batch) =>
        WatchEvent.Changes(Start with { Revision = new Revision(revision) }, default, batch.PackedOperations.ToArray());

    private static KeyRange[] Parse(string ranges) =>
    [
        .. ranges.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(static range =>
        {
            string[] bounds = range.Split('-');
            return KeyRange.Between(Bytes.Of(bounds[0]), Bytes.Of(bounds[1]));
        }),
    ];
}
