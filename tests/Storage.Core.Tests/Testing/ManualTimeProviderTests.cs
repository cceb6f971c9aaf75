using WsStorage.Testing;

namespace WsStorage.Core.Tests.Testing;

[TestFixture]
public sealed class ManualTimeProviderTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void Time_stands_still_until_it_is_moved()
    {
        var clock = new ManualTimeProvider();
        DateTimeOffset start = clock.GetUtcNow();
        long stamp = clock.GetTimestamp();
        Assert.That(clock.GetUtcNow(), Is.EqualTo(start));
        clock.Advance(Second);
        Assert.That(clock.GetUtcNow(), Is.EqualTo(start + Second));
        Assert.That(clock.GetElapsedTime(stamp), Is.EqualTo(Second));
    }

    [Test]
    public void Timers_fire_in_the_order_they_are_due_each_at_its_time()
    {
        var clock = new ManualTimeProvider();
        DateTimeOffset start = clock.GetUtcNow();
        List<string> fired = [];
        foreach ((string name, int due) in new[] { ("c", 3), ("a", 1), ("b", 2), ("a2", 1), ("d", 9) })
        {
            clock.CreateTimer(_ => fired.Add($"{name}@{(clock.GetUtcNow() - start).TotalSeconds}"), null, due * Second, Timeout.InfiniteTimeSpan);
        }

        clock.Advance(5 * Second);
        Assert.That(fired, Is.EqualTo(["a@1", "a2@1", "b@2", "c@3"]));
        Assert.That(clock.ActiveTimers, Is.EqualTo(1));
        Assert.That(clock.AdvanceToNextTimer(), Is.True);
        Assert.That(fired[^1], Is.EqualTo("d@9"));
        Assert.That(clock.AdvanceToNextTimer(), Is.False);
    }

    [Test]
    public void A_periodic_timer_fires_until_it_is_disposed_of()
    {
        var clock = new ManualTimeProvider();
        int fired = 0;
        ITimer timer = clock.CreateTimer(_ => fired++, null, Second, 2 * Second);
        clock.Advance(6 * Second);
        Assert.That(fired, Is.EqualTo(3), "at 1, 3 and 5");
        timer.Dispose();
        clock.Advance(10 * Second);
        Assert.That(fired, Is.EqualTo(3));
        Assert.That(timer.Change(Second, Second), Is.False);
    }

    [Test]
    public void A_callback_may_set_the_next_timer()
    {
        var clock = new ManualTimeProvider();
        List<double> fired = [];
        DateTimeOffset start = clock.GetUtcNow();
        ITimer? timer = null;
        timer = clock.CreateTimer(
            _ =>
            {
                fired.Add((clock.GetUtcNow() - start).TotalSeconds);
                timer!.Change(Second, Timeout.InfiniteTimeSpan);
            },
            null,
            Second,
            Timeout.InfiniteTimeSpan);
        clock.Advance(3.5 * Second);
        Assert.That(fired, Is.EqualTo([1, 2, 3]));
    }

    [Test]
    public async Task Delays_and_timeouts_of_the_framework_follow_it()
    {
        var clock = new ManualTimeProvider();
        var delay = Task.Delay(Second, clock);
        using var timeout = new CancellationTokenSource(2 * Second, clock);
        clock.Advance(0.9 * Second);
        Assert.That(delay.IsCompleted, Is.False);
        clock.Advance(0.1 * Second);
        await delay;
        Assert.That(timeout.IsCancellationRequested, Is.False);
        clock.Advance(Second);
        Assert.That(timeout.IsCancellationRequested, Is.True);
    }
}
