namespace WsStorage.WsClient.Tests;

public class BackoffTests
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(10);

    [Test]
    public void The_bound_doubles_up_to_the_most_and_stays_there()
    {
        var backoff = new Backoff(First, Most, () => 0.5);
        double[] waits = [.. Enumerable.Range(0, 9).Select(_ => backoff.Next().TotalMilliseconds)];
        Assert.That(waits, Is.EqualTo(new double[] { 50, 100, 200, 400, 800, 1600, 3200, 5000, 5000 }));
    }

    [Test]
    public void A_wait_is_anywhere_between_nothing_and_its_bound()
    {
        var random = new Random(1);
        var waits = new List<double>();
        for (int i = 0; i < 1000; i++)
        {
            waits.Add(new Backoff(First, Most, random.NextDouble).Next().TotalMilliseconds);
        }

        Assert.That(waits, Has.All.InRange(0, 100));
        Assert.That(waits.Min(), Is.LessThan(5), "full jitter begins at nothing");
        Assert.That(waits.Max(), Is.GreaterThan(95));
        Assert.That(waits.Average(), Is.InRange(45, 55));
    }

    [Test]
    public void The_largest_bounds_there_are_do_no_harm()
    {
        var backoff = new Backoff(TimeSpan.FromDays(24), TimeSpan.FromDays(24), () => 0.999);
        for (int i = 0; i < 2000; i++)
        {
            Assert.That(backoff.Next(), Is.InRange(TimeSpan.FromDays(23), TimeSpan.FromDays(24)));
        }
    }

    [Test]
    public void Reset_begins_with_the_first_bound_again()
    {
        var backoff = new Backoff(First, Most, () => 0.5);
        backoff.Next();
        backoff.Next();
        backoff.Reset();
        Assert.That(backoff.Next(), Is.EqualTo(First / 2));
    }
}
