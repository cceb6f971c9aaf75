using WsStorage.Core;
using WsStorage.Replica.Following;
using WsStorage.Testing;

namespace WsStorage.Replica.Tests;

[TestFixture]
public sealed class LagMeterTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private ManualTimeProvider _time = null!;
    private FaultySource _source = null!;
    private InMemoryStorage _store = null!;
    private LagMeter _meter = null!;

    [SetUp]
    public void Open()
    {
        _time = new ManualTimeProvider();
        _store = new InMemoryStorage();
        _source = new FaultySource(_store);
        _meter = new LagMeter(_source, new ReplicaOptions { Name = "test", TimeProvider = _time });
    }

    [TearDown]
    public async Task Close()
    {
        await _source.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Test]
    public async Task Nothing_is_known_before_the_source_has_answered_and_the_copy_is_there()
    {
        Assert.That((_meter.Staleness, _meter.RevisionLag), Is.EqualTo(((TimeSpan?)null, (long?)null)));
        Position at = await WriteAsync(3);
        await _meter.AskAsync(default);
        Assert.That((_meter.Staleness, _meter.RevisionLag), Is.EqualTo(((TimeSpan?)null, (long?)null)));
        _meter.Reach(at with { Revision = new Revision(1) });
        Assert.That((_meter.Staleness, _meter.RevisionLag), Is.EqualTo(((TimeSpan?)null, (long?)2)));
        _meter.Reach(at);
        Assert.That((_meter.Staleness, _meter.RevisionLag), Is.EqualTo(((TimeSpan?)TimeSpan.Zero, (long?)0)));
    }

    [Test]
    public async Task A_copy_is_as_new_as_the_source_was_when_the_question_was_sent()
    {
        Position at = await WriteAsync(1);

        // The answer takes three seconds, the copy another four to get there.
        _source.Before = _ =>
        {
            _time.Advance(3 * Second);
            return ValueTask.CompletedTask;
        };
        await _meter.AskAsync(default);
        _time.Advance(4 * Second);
        _meter.Reach(at);
        Assert.That(_meter.Staleness, Is.EqualTo(7 * Second));
        _time.Advance(Second);
        Assert.That(_meter.Staleness, Is.EqualTo(8 * Second));
    }

    [Test]
    public async Task An_answer_counts_only_once_the_copy_is_there()
    {
        Position first = await WriteAsync(1);
        await _meter.AskAsync(default);
        _meter.Reach(first);
        _time.Advance(5 * Second);
        Position second = await WriteAsync(1);
        await _meter.AskAsync(default);
        Assert.That((_meter.Staleness, _meter.RevisionLag), Is.EqualTo(((TimeSpan?)(5 * Second), (long?)1)));
        _time.Advance(Second);
        _meter.Reach(second);
        Assert.That(_meter.Staleness, Is.EqualTo(Second));
    }

    [Test]
    public async Task The_staleness_of_a_source_that_is_a_replica_is_added()
    {
        Position at = await WriteAsync(1);
        _meter.Reach(at);
        _source.Say = static info => info with { Staleness = TimeSpan.FromSeconds(10) };
        await _meter.AskAsync(default);
        Assert.That(_meter.Staleness, Is.EqualTo(10 * Second));
        _source.Say = static info => info with { Staleness = TimeSpan.MaxValue };
        _time.Advance(Second);
        await _meter.AskAsync(default);
        Assert.That(_meter.Staleness, Is.EqualTo(11 * Second), "one that does not know how old it is says nothing");
    }

    [Test]
    public async Task Another_store_makes_nothing_fresh()
    {
        Position at = await WriteAsync(1);
        await _meter.AskAsync(default);
        _meter.Reach(at);
        _source.Say = static info => info with { Position = info.Position with { Epoch = Guid.NewGuid() } };
        _time.Advance(Second);
        await _meter.AskAsync(default);
        Assert.That((_meter.Staleness, _meter.RevisionLag), Is.EqualTo(((TimeSpan?)Second, (long?)null)));
    }

    [Test]
    public async Task A_copy_that_is_far_behind_is_measured_all_the_same()
    {
        Position at = default;
        for (int i = 0; i < 1000; i++)
        {
            at = await WriteAsync(1);
            await _meter.AskAsync(default);
            _time.Advance(Second);
        }

        // It has what the source had 500 seconds ago; the measure is coarse by now, and never too good.
        _meter.Reach(at with { Revision = new Revision(500) });
        Assert.That(_meter.Staleness, Is.InRange(501 * Second, 600 * Second));
        _meter.Reach(at);
        Assert.That(_meter.Staleness, Is.InRange(Second, 10 * Second));
    }

    private async Task<Position> WriteAsync(int batches)
    {
        for (int i = 0; i < batches; i++)
        {
            await _store.PutStringAsync("a", "1");
        }

        return (await _store.GetInfoAsync()).Position;
    }
}
